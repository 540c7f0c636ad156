"""Programs for tests of running programs: written to a folder, and looked for after."""

from __future__ import annotations

import sys
import time
from pathlib import Path

PATIENCE = 10  # seconds

# Ignores what asks it to end, and leaves its parent's session.
STUBBORN = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
    open(f"started-{os.getpid()}", "w").close()
    time.sleep(600)
"""


def write(folder: Path, name: str, body: str) -> str:
    """An executable Python program; its path is in its command line."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -I\n{body}")
    path.chmod(0o755)
    return str(path)


def running(mark: str) -> list[int]:
    """Processes whose command line holds the mark, and that are no zombies."""
    return [pid for pid in _pids() if mark.encode() in _read(pid, "cmdline")]


def wait_until_gone(mark: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while found := running(mark):
        assert time.monotonic() < give_up, f"{found} still run {mark}"
        time.sleep(0.01)


def wait_for_files(folder: Path, pattern: str, count: int) -> None:
    give_up = time.monotonic() + PATIENCE
    while len(list(folder.glob(pattern))) < count:
        assert time.monotonic() < give_up, f"no {count} files {pattern} in {folder}"
        time.sleep(0.01)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path("/proc", str(pid), name).read_bytes()
    except OSError:
        return b""
