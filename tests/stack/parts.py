"""What happens to one part of a running stack: it is killed, comes back, or stalls."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msr.quickstart.readiness import VARIABLE as READY_FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msr.quickstart.children import Children, _Child


def kill(children: Children, name: str) -> None:
    """End every process of the part at once; none of them can do anything about it."""
    _child(children, name).kill()


def start_again(children: Children, name: str) -> None:
    """Start what was killed as it was started first; return when it is ready."""
    child = _child(children, name)
    if ready_file := child.part.environment.get(READY_FILE_VARIABLE):
        Path(ready_file).unlink(missing_ok=True)
    for wave in children._waves:
        if child in wave:
            wave[wave.index(child)] = children._spawn(child.part)
    children.wait_until_ready()


@contextmanager
def stalled(children: Children, name: str) -> Iterator[None]:
    """Let no process of the part do anything for a while."""
    group = _child(children, name).process.pid
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def processes(children: Children, name: str) -> set[int]:
    """Return the ids of the part's processes, whatever they have started included."""
    group = str(_child(children, name).process.pid)
    return {
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if _group(stat) == group
    }


def _group(stat: Path) -> str:
    """Return the group of a process, "" of one that has ended meanwhile."""
    try:
        text = stat.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return text.rpartition(")")[2].split()[2]


def _child(children: Children, name: str) -> _Child:
    return next(one for one in children._running() if one.part.name == name)
