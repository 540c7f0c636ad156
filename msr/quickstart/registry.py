"""The registry as a child: its program, its generated configuration, its readiness."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

from msr.quickstart.children import Part
from msr.quickstart.environment import value
from msr.quickstart.errors import QuickstartError
from msr.quickstart.probes import http_answers
from msr.quickstart.state import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msr.quickstart.ports import Ports
    from msr.quickstart.state import State

PROGRAMS = ("registry", "docker-registry")


def part(state: State, ports: Ports, environment: Mapping[str, str]) -> Part:
    """Write the registry's configuration and return what to run."""
    program = find_program()
    text = json.dumps(configuration(state, ports, environment), indent=2)
    write_private(state.registry_configuration, text.encode())
    return Part(
        "registry",
        (program, "serve", str(state.registry_configuration)),
        environment,
        partial(http_answers, ports.registry, "/v2/", (401,)),
    )


def find_program() -> str:
    """Return the registry's path; QuickstartError says how else to get one."""
    for name in PROGRAMS:
        if (program := shutil.which(name)) is not None:
            return program
    msg = (
        "There is no registry on this machine: install Debian's package "
        "docker-registry (apt-get install docker-registry), or set MSR_REGISTRY_URL to "
        "the address of a registry that runs already."
    )
    raise QuickstartError(msg)


def configuration(
    state: State, ports: Ports, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return the configuration of Distribution 2.8 and 3; JSON is YAML to it."""
    portal = f"http://127.0.0.1:{ports.portal}"
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(state.registry_storage)},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{ports.registry}"},
        "auth": {
            "token": {
                "realm": f"{portal}/auth/token",
                "service": value(environment, "TOKEN_SERVICE"),
                "issuer": value(environment, "TOKEN_ISSUER"),
                "rootcertbundle": value(environment, "TOKEN_CERT_FILE"),
            },
        },
        "notifications": {
            "endpoints": [
                _endpoint(portal, value(environment, "NOTIFICATION_SECRET")),
            ],
        },
    }


def _endpoint(portal: str, secret: str) -> dict[str, Any]:
    """Return the portal's inbox; blobs and pulls are nothing to it."""
    return {
        "name": "msr",
        "url": f"{portal}/registry/notifications",
        "headers": {"Authorization": [f"Bearer {secret}"]},
        "timeout": "1s",
        "threshold": 5,
        "backoff": "1s",
        "ignore": {
            "mediatypes": ["application/octet-stream"],
            "actions": ["pull"],
        },
    }
