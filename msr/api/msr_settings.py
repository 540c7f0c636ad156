"""MSR's settings: what each is here, and where it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from accounts.models import Namespace
from repositories.models import Scanner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOT_HERE = "There is no such thing here, so this stays as it is."
BY_PROXY = "TLS ends at the proxy in front of the portal; configure it there."


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting is now, and the sentence for who would change it."""

    value: Callable[[], Any]
    kind: type
    said: str = NOT_HERE


def scanning_enabled() -> bool:
    """Tell whether there is a scanner for the whole registry."""
    return Scanner.objects.filter(namespace__isnull=True, is_enabled=True).exists()


def _fixed(variable: str, kind: type, value: Callable[[], Any]) -> Setting:
    """Return a setting of the environment."""
    said = f"Set MSR_{variable} in the portal's environment, and restart it."
    return Setting(value, kind, said)


def _always(value: Any, said: str = NOT_HERE) -> Setting:
    return Setting(lambda: value, type(value), said)


def _created_on_push() -> bool:
    """Tell whether a push may create a repository in every namespace."""
    rows = Namespace.objects.all()
    return rows.exists() and not rows.filter(create_on_push=False).exists()


def _has_providers() -> bool:
    """Tell whether people sign in through somebody else, such as a company."""
    kinds = settings.SOCIALACCOUNT_PROVIDERS.values()
    return any(kind.get("APPS") for kind in kinds)


def _event_age() -> str:
    """Return how old events become, as Go writes a duration; "" is for ever."""
    return f"{settings.EVENT_DAYS * 24}h" if settings.EVENT_DAYS else ""


def _proxy() -> str:
    """Return the outbound proxy without the password that may be in it."""
    scheme, netloc, *rest = urlsplit(settings.OUTBOUND_PROXY)
    return urlunsplit((scheme, netloc.rpartition("@")[2], *rest))


SETTINGS: Mapping[str, Setting] = {
    "dtrHost": _fixed(
        "REGISTRY_PUBLIC_HOST", str, lambda: settings.REGISTRY_PUBLIC_HOST
    ),
    "sso": _fixed("OIDC_PROVIDERS", bool, _has_providers),
    "createRepositoryOnPush": Setting(
        _created_on_push, bool, "Each namespace says so itself, on its page Settings."
    ),
    "replicaSettings": _always({}),
    "httpProxy": _fixed("OUTBOUND_PROXY", str, _proxy),
    "httpsProxy": _fixed("OUTBOUND_PROXY", str, _proxy),
    "noProxy": _always(""),
    "disableUpgrades": _always(value=True),
    "reportAnalytics": _always(value=False),
    "anonymizeAnalytics": _always(value=False),
    "disableBackupWarning": _always(value=True),
    "logProtocol": _always(""),
    "logHost": _always(""),
    "logLevel": _fixed(
        "LOG_LEVEL", str, lambda: str(settings.LOGGING["root"]["level"]).lower()
    ),
    "webTLSCert": _always("", BY_PROXY),
    "webTLSCA": _always("", BY_PROXY),
    "webTLSClientCA": _always("", BY_PROXY),
    "clientCertAuthEnabled": _always(value=False),
    "replicaID": _always(""),
    "scanningEnabled": Setting(
        scanning_enabled, bool, "Enable or disable scanners in the administration."
    ),
    "scanningSyncOnline": _fixed(
        "TRIVY_UPDATE_PERIOD", bool, lambda: settings.TRIVY_UPDATE_PERIOD > 0
    ),
    "scanningDeadline": _fixed("SCAN_DEADLINE", int, lambda: settings.SCAN_DEADLINE),
    "scanningEnableAutoRecheck": _fixed(
        "RESCAN_PERIOD", bool, lambda: settings.RESCAN_PERIOD > 0
    ),
    "jobHistoryCompactionEnabled": _always(value=False),
    "jobHistoryToKeep": _always(0),
    "jobHistoryMaxAge": _always(""),
    "repoEventHistoryCompactionEnabled": _fixed(
        "EVENT_DAYS", bool, lambda: bool(settings.EVENT_DAYS or settings.EVENT_COUNT)
    ),
    "repoEventHistoryToKeep": _fixed("EVENT_COUNT", int, lambda: settings.EVENT_COUNT),
    "repoEventHistoryMaxAge": _fixed("EVENT_DAYS", str, _event_age),
    "storageVolume": _always(""),
    "nfsHost": _always(""),
    "nfsPath": _always(""),
    "readOnlyRegistry": _always(
        value=False, said="Configure the registry itself to be read-only."
    ),
    "disablePersistentCookies": _always(value=False),
}
# What may be sent, and is never shown.
WRITE_ONLY: Mapping[str, Setting] = {"webTLSKey": _always("", BY_PROXY)}
