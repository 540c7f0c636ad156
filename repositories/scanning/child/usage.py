"""What processes and folders take, as Linux tells it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OWN = (b"RssAnon:", b"RssShmem:")  # Linux 4.5
_BLOCK = 512


def memory_of(pids: Iterable[int]) -> int:
    """Bytes that these processes hold in memory for themselves.

    Pages of files mapped for reading, as of a scanner's database, do not count: they
    are dropped when memory runs short. Processes that have ended hold nothing.
    """
    return sum(_memory(pid) for pid in pids)


def _memory(pid: int) -> int:
    try:
        status = Path("/proc", str(pid), "status").read_bytes()
    except OSError:
        return 0
    lines = (line for line in status.splitlines() if line.startswith(_OWN))
    return sum(int(line.split()[1]) * 1024 for line in lines)


def disk_of(folder: Path) -> tuple[int, int]:
    """Bytes on disk below the folder and how many files and folders; links count too.

    Holes in files take nothing. What vanishes, or is closed to us, is passed over.
    """
    size = count = 0
    for entry in _walk(str(folder)):
        size += entry.st_blocks * _BLOCK
        count += 1
    return size, count


def _walk(folder: str) -> Iterator[os.stat_result]:
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    yield found
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(entry.path)
        except OSError:
            continue
