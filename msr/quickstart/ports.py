"""The ports of the portal and the registry: given, remembered or the first free."""

from __future__ import annotations

import errno
import json
import socket
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from msr.quickstart.errors import QuickstartError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
LAST = 65535


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two parts that people and programs talk to listen, on 127.0.0.1."""

    portal: int = 8000
    registry: int = 5000


def choose(portal: int | None, registry: int | None, memory: Path) -> Ports:
    """Return usable ports; those not given are the last run's or the next free ones.

    `memory` is the file that carries the choice to the next run. Raises QuickstartError
    when a port that was given cannot be used.
    """
    before = _recall(memory)
    chosen_portal = _choose(portal, before.portal, "--port", (registry,))
    chosen = Ports(
        chosen_portal,
        _choose(registry, before.registry, "--registry-port", (chosen_portal,)),
    )
    memory.write_text(json.dumps(asdict(chosen)), encoding="utf-8")
    return chosen


def _recall(memory: Path) -> Ports:
    if not memory.exists():
        return Ports()
    return Ports(**json.loads(memory.read_text(encoding="utf-8")))


def _choose(
    given: int | None, first: int, option: str, taken: Container[int | None]
) -> int:
    if given is None:
        return first_free(first, taken)
    obstacle = "the other part has it" if given in taken else obstacle_at(given)
    if obstacle is not None:
        msg = (
            f"Port {given} cannot be used ({obstacle}): free it, or choose another "
            f"one with {option}."
        )
        raise QuickstartError(msg)
    return given


def first_free(first: int, taken: Container[int | None] = ()) -> int:
    """Return the lowest usable port from `first` on that is not in `taken`."""
    for port in range(first, LAST + 1):
        if port not in taken and obstacle_at(port) is None:
            return port
    msg = f"No port from {first} to {LAST} is free on this machine."
    raise QuickstartError(msg)


def obstacle_at(port: int) -> str | None:
    """Return why nothing can listen on this port, or None when something can.

    Both loopback addresses must be free, because a client may take either for
    `localhost`; one that the machine does not have counts as free.
    """
    for family, address in LOOPBACKS:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((address, port))
        except OSError as error:
            if error.errno not in ABSENT:
                return error.strerror or str(error)
    return None
