"""Finding processes by a path that stands in their environment or command line."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def processes_naming(text: str) -> dict[int, str]:
    """Command lines by process id of all that mention a text anywhere (Linux).

    Redis shows its own title where its environment was, so both are looked at.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_text().replace("\0", " ")
            if text in command or text.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = command
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Return once the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
