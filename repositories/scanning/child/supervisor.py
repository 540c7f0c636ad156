"""A program of its own: runs one command and ends all of it when nobody wants it.

`child` starts it as `python -I -S supervisor.py FILE_BYTES DATA_BYTES COMMAND...`. Its
standard input is a pipe whose other end only the worker holds. When the worker closes
it, or dies, killed or not, the command is killed with everything it started, whatever
session or signals those chose: orphans below this program become its children
(PR_SET_CHILD_SUBREAPER, Linux 3.4), so none is lost. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

CANNOT_START = 127
_PDEATHSIG, _SUBREAPER = 1, 36  # <linux/prctl.h>
_PAUSE = 0.02  # seconds
_ENDING = 10.0  # seconds until what cannot be killed is left to the worker


def descendants(root: int) -> list[int]:
    """Ids of all processes below `root`, without it, zombies included."""
    below: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            below.setdefault(_parent(entry.name), []).append(int(entry.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = below.get(waiting.pop(), ())
        found += children
        waiting += children
    return found


def _parent(pid: str) -> int:
    """0 where the process has ended meanwhile."""
    try:
        stat = Path("/proc", pid, "stat").read_bytes()
    except OSError:
        return 0
    return int(stat[stat.rindex(b")") :].split()[2])  # names may hold spaces and ")"


def _main(arguments: list[str]) -> NoReturn:
    _prctl(_SUBREAPER, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    status = None
    try:
        child = _start(arguments[2:], int(arguments[0]), int(arguments[1]))
        status = _wait(child)
    finally:
        _end_all()
    _leave_as(status)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


def _start(command: list[str], file_bytes: int, data_bytes: int) -> int:
    """Run the command below this program, which has one thread: fork is safe."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _confine(file_bytes, data_bytes)
        os.execv(command[0], command)  # noqa: S606 - without a shell, on purpose
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(CANNOT_START)


def _confine(file_bytes: int, data_bytes: int) -> None:
    _prctl(_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
    with suppress(OSError):  # where memory runs out, let it be this and not the worker
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, others need
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _wait(child: int) -> int | None:
    """Wait for the child's status; None when the worker let go first."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return status
        if pid == 0 and select.select([0], [], [], _PAUSE)[0]:
            return None


def _end_all() -> None:
    give_up = time.monotonic() + _ENDING
    while time.monotonic() < give_up:
        for pid in descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(_PAUSE / 4)


def _leave_as(status: int | None) -> NoReturn:
    """End as the command ended: the worker sees its exit code or signal."""
    if status is None:
        sys.exit(1)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    _main(sys.argv[1:])
