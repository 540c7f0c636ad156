"""The environment of the parts: our defaults below what the person set already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msr.env import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msr.quickstart.ports import Ports
    from msr.quickstart.state import State

LOOPBACK_NAMES = "localhost,127.0.0.1"


def is_given(environment: Mapping[str, str], name: str) -> bool:
    """Say whether a setting is there, as a variable or as the name of a file."""
    variable = PREFIX + name
    return variable in environment or f"{variable}_FILE" in environment


def value(environment: Mapping[str, str], name: str) -> str:
    """Return a setting that is there, from its variable or else from its file."""
    variable = PREFIX + name
    if variable in environment:
        return environment[variable]
    return Path(environment[f"{variable}_FILE"]).read_text(encoding="utf-8").strip()


def for_parts(
    given: Mapping[str, str], state: State, ports: Ports, redis_url: str
) -> dict[str, str]:
    """Return what every part is started with; settings in `given` win over ours."""
    environment = {
        # The registry would read these as changes to its generated configuration.
        name: text
        for name, text in given.items()
        if not name.startswith("REGISTRY_")
    }
    defaults = _defaults(state, ports, redis_url)
    if is_given(given, "REGISTRY_URL"):
        host = urlsplit(value(given, "REGISTRY_URL")).netloc
        defaults["REGISTRY_PUBLIC_HOST"] = host
    for name, text in defaults.items():
        if not is_given(given, name.removesuffix("_FILE")):
            environment[PREFIX + name] = text
    environment |= {
        "DJANGO_SETTINGS_MODULE": "msr.settings",
        "PYTHONUNBUFFERED": "1",
        "OTEL_TRACES_EXPORTER": "none",
        "no_proxy": _without_proxy(given),
        "NO_PROXY": _without_proxy(given),
    }
    return environment


def _defaults(state: State, ports: Ports, redis_url: str) -> dict[str, str]:
    """Return our settings by name; secrets travel as files, unseen by `ps`."""
    return {
        "SECRET_KEY_FILE": str(state.secret_key),
        "DATABASE_URL": f"sqlite:///{state.database}",
        "REDIS_URL": redis_url,
        "REGISTRY_URL": f"http://127.0.0.1:{ports.registry}",
        "REGISTRY_PUBLIC_HOST": f"localhost:{ports.registry}",
        "PUBLIC_URL": f"http://localhost:{ports.portal}",
        "TOKEN_KEY_FILE": str(state.token_key),
        "TOKEN_CERT_FILE": str(state.token_certificate),
        "TOKEN_SERVICE": "registry",
        "TOKEN_ISSUER": "msr",
        "STATIC_ROOT": str(state.static),
        "NOTIFICATION_SECRET_FILE": str(state.notification_secret),
    }


def _without_proxy(given: Mapping[str, str]) -> str:
    """Return the hosts that are spoken to directly, ours besides those given."""
    hosts = given.get("no_proxy") or given.get("NO_PROXY")
    return f"{hosts},{LOOPBACK_NAMES}" if hosts else LOOPBACK_NAMES
