"""Programs for tests of running programs: written to a folder, and looked for after."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

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

# Each takes too much of something.
EATS_MEMORY = """
import time
kept = []
while True:
    kept.append(b"x" * 8_000_000)
    time.sleep(0.01)
"""
EATS_MEMORY_IN_CHILDREN = """
import subprocess, sys
hold = 'import time; kept = b"x" * 100_000_000; time.sleep(600)'
started = [subprocess.Popen([sys.executable, "-c", hold]) for _ in range(4)]
started[0].wait()
"""
EATS_MEMORY_AT_ONCE = "kept = bytearray(600 * 1024 * 1024)"
FLOODS_STDOUT = "while True: print('x' * 10_000)"
FLOODS_STDERR = "import sys\nwhile True: sys.stderr.write('x' * 10_000)"
WRITES_FILES = "for n in range(12): open(f'{n}', 'wb').write(b'x' * 10**6)\n"
MAKES_FILES = "for n in range(60): open(f'{n}', 'wb')\n"
WRITES_ONE_FILE = "open('big', 'wb').write(b'x' * 9 * 1024**2)"
WRITES_AS_GO_DOES = """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
open("big", "wb").truncate(5 * 1024**3)
"""
MULTIPLIES = "import os, time\nfor _ in range(30): os.fork() or time.sleep(600)\n"


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
    """Fails when some stay, and ends them."""
    give_up = time.monotonic() + PATIENCE
    while found := running(mark):
        if time.monotonic() > give_up:
            for pid in found:
                os.kill(pid, signal.SIGKILL)
            pytest.fail(f"{found} still run {mark}")
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
