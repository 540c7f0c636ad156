"""Child processes: started in waves, watched together, stopped in reverse order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from msr.quickstart.errors import QuickstartError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

READY_SECONDS = 90.0
GRACE_SECONDS = 10.0
KILL_SECONDS = 2.0
KILL_PAUSE = 0.01
PROBE_PAUSE = 0.05
WATCH_PAUSE = 0.5
TAIL_BYTES = 8192
TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A program to run; `is_ready` asks it whether it can be used."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class _Child:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """Tell the leader alone, which then ends its own workers in good order."""
        self.process.send_signal(self.part.stop_signal)

    def kill(self) -> None:
        """End whatever is left of the child's process group; reap its leader."""
        deadline = time.monotonic() + KILL_SECONDS
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.poll()
                time.sleep(KILL_PAUSE)

    def tail(self) -> str:
        """Return the last lines that the child wrote."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:])


class Children:
    """The parts that run, in the waves in which they were started."""

    def __init__(self, logs: Path, directory: Path) -> None:
        """Write one log per part into `logs`; run every part in `directory`."""
        self._logs = logs
        self._directory = directory
        self._waves: list[list[_Child]] = []
        self._tasks: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, *parts: Part) -> None:
        """Start one wave: parts that do not need one another to start or to stop."""
        wave: list[_Child] = []
        self._waves.append(wave)
        for part in parts:
            wave.append(self._spawn(part))  # noqa: PERF401 (each is stopped if one fails)

    def run(self, task: Part) -> None:
        """Run a program to its end; QuickstartError when it fails or a part ends."""
        child = self._spawn(task)
        self._tasks.append(child)
        while not child.has_ended():
            self.check()
            time.sleep(PROBE_PAUSE)
        if child.process.returncode:
            raise _failure(child, f"failed with status {child.process.returncode}")

    def check(self) -> None:
        """Raise QuickstartError, with the end of its log, when a part has ended."""
        for child in self._running():
            if child.has_ended():
                status = child.process.returncode
                raise _failure(child, f"has ended by itself with status {status}")

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when every part started so far has said once that it is ready."""
        deadline = time.monotonic() + seconds
        waiting = self._running()
        while waiting := [child for child in waiting if not child.part.is_ready()]:
            self.check()
            if time.monotonic() > deadline:
                raise _failure(waiting[0], f"is not ready after {seconds:.0f} seconds")
            time.sleep(PROBE_PAUSE)

    def watch(self) -> None:
        """Never return; raise QuickstartError as soon as a part has ended."""
        while True:
            self.check()
            time.sleep(WATCH_PAUSE)

    def stop(self) -> None:
        """Stop everything, the latest wave first; nothing runs when this returns."""
        _stop(self._tasks)
        self._tasks.clear()
        while self._waves:
            _stop(self._waves.pop())

    def _running(self) -> list[_Child]:
        return [child for wave in self._waves for child in wave]

    def _spawn(self, part: Part) -> _Child:
        log = self._logs / f"{part.name.lower()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (commands are ours)
                _bound_to_this_process(part.command),
                env=dict(part.environment),
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        return _Child(part, process, log)


def _bound_to_this_process(command: tuple[str, ...]) -> tuple[str, ...]:
    """Let the kernel stop the program when this process dies, where it can (Linux)."""
    if (setpriv := shutil.which("setpriv")) is None:
        return command
    return (setpriv, "--pdeathsig", "TERM", "--", *command)


def _stop(wave: list[_Child]) -> None:
    for child in wave:
        child.ask_to_stop()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in wave:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        child.kill()


def _failure(child: _Child, what: str) -> QuickstartError:
    return QuickstartError(
        f"The {child.part.name} {what}. The end of {child.log}:\n{child.tail()}"
    )
