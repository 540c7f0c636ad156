"""The portal's way to addresses that people name, as its operator configured it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from repositories.outbound import (
    InvalidEntry,
    OutboundClient,
    Place,
    Policy,
    parse_allowances,
    parse_denied,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379, "sentinel": 26379}
_POSTGRESQL = 5432


def client() -> OutboundClient:
    """Return a client that follows the settings; raises ImproperlyConfigured."""
    try:
        policy = Policy(
            parse_allowances(settings.OUTBOUND_ALLOW),
            (*parse_denied(settings.OUTBOUND_DENY), *_own_places()),
        )
    except InvalidEntry as error:
        message = f"MSR_OUTBOUND_ALLOW or MSR_OUTBOUND_DENY: {error}"
        raise ImproperlyConfigured(message) from error
    return OutboundClient(
        policy, proxy=settings.OUTBOUND_PROXY, ca_file=settings.CA_BUNDLE
    )


def _own_places() -> Iterator[Place]:
    """Return where the portal's own databases, Redis and registry are."""
    for database in settings.DATABASES.values():
        for host in str(database.get("HOST") or "").split(","):
            if host and not host.startswith("/"):
                yield Place.at(host, int(database.get("PORT") or _POSTGRESQL))
    registries = (settings.REGISTRY_URL, settings.SCANNER_REGISTRY_URL)
    for url in (*re.split("[;,]", settings.REDIS_URL), *registries):
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        if parts.hostname and port:
            yield Place.at(parts.hostname, port)
