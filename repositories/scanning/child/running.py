"""One run of a program: start it, watch it, end all of it."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from repositories.scanning.child import supervisor
from repositories.scanning.child.limits import (
    ChildFailed,
    ChildLimits,
    FailureCode,
    in_words,
)
from repositories.scanning.child.streams import END_KEPT, Stream, last_words
from repositories.scanning.child.usage import disk_of, memory_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_TICK = 0.1  # seconds between two looks at memory and processes
_BEAT = 1.0  # seconds between two calls of `on_beat` and two looks at the folder
_ENDING = 15.0  # seconds the supervisor has for ending everything
_CHUNK = 64 * 1024
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TOO_LONG = (FailureCode.DISK, -signal.SIGXFSZ)
_SIGNS = (
    (
        FailureCode.MEMORY,
        re.compile("out of memory|allocate memory|MemoryError", re.IGNORECASE),
    ),
    (
        FailureCode.DISK,
        re.compile("file too large|no space left|SIGXFSZ", re.IGNORECASE),
    ),
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that ended with exit code 0.

    `stderr` is masked, and only its start and end where it was long. `max_rss` is the
    most bytes of memory seen at once, 0 where the child was too quick for a look.
    """

    stdout: bytes
    stderr: str
    seconds: float
    max_rss: int


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    limits: ChildLimits,
    folder: Path,
    on_beat: Callable[[], None] | None = None,
    secrets: Collection[str] = (),
) -> Finished:
    """Run `argv` (the absolute path of a program, and arguments) in `folder`.

    Nothing of this process's environment reaches it: `env` is added to a bare one.
    `on_beat` is called about every second and may raise, which ends the child, as do
    exceptions that a signal raises here, and the death of this process, killed or not.
    `secrets` are masked in all texts. Raises ChildFailed, for exit codes but 0 too.
    """
    settled = environment(folder) | dict(env)
    with _Child(argv, settled, limits, folder, secrets) as child:
        return child.finish(on_beat or _nothing)


def environment(folder: Path) -> dict[str, str]:
    """Name `folder` as the place of all that programs write by habit; nothing else."""
    habits = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    return {"PATH": _PATH, "LANG": "C.UTF-8"} | dict.fromkeys(habits, str(folder))


def _nothing() -> None:
    return


class _Child:
    """A running program below its supervisor, and what both took so far."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        limits: ChildLimits,
        folder: Path,
        secrets: Collection[str],
    ) -> None:
        self._name = Path(argv[0]).name
        self._limits = limits
        self._folder = folder
        self._secrets = secrets
        self._started = time.monotonic()
        self._look_due = self._beat_due = self._disk_due = self._started
        self._max_rss = 0
        self._stdout = Stream(limits.output, kept=limits.output)
        self._stderr = Stream(limits.output, kept=END_KEPT)
        self._process = _supervised(argv, env, limits, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End all that still runs; closing the supervisor's pipe is enough for that."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        give_up = time.monotonic() + _ENDING
        while self._exit_code() is None and time.monotonic() < give_up:
            time.sleep(_TICK / 10)
        # The group's id cannot be another's before its leader has been waited for.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _exit_code(self) -> int | None:
        """As Popen's `returncode`, without waiting the process away."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        result = os.waitid(os.P_PID, self._process.pid, options)
        if result is None:
            return None
        exited = result.si_code == os.CLD_EXITED
        return result.si_status if exited else -result.si_status

    def finish(self, on_beat: Callable[[], None]) -> Finished:
        """Wait for its end; raises ChildFailed, and whatever `on_beat` raises."""
        with selectors.DefaultSelector() as selector:
            for pipe, stream in self._streams():
                selector.register(pipe, selectors.EVENT_READ, stream)
            self._judge(self._watch(selector, on_beat))
        return Finished(
            stdout=self._stdout.start,
            stderr=self._stderr.text(self._secrets),
            seconds=time.monotonic() - self._started,
            max_rss=self._max_rss,
        )

    def _streams(self) -> list[tuple[IO[bytes], Stream]]:
        pipes = (self._process.stdout, self._process.stderr)
        streams = (self._stdout, self._stderr)
        return [(p, s) for p, s in zip(pipes, streams, strict=True) if p]

    def _watch(
        self, selector: selectors.BaseSelector, on_beat: Callable[[], None]
    ) -> int:
        """Read and look until the supervisor has ended; its exit code.

        It is asked for before reading: what was written by then is in the pipes.
        """
        while True:
            code = self._exit_code()
            ready = selector.select(_patience(selector, code))
            for key, _ in ready:
                if chunk := os.read(key.fd, _CHUNK):
                    key.data.take(chunk)
                else:
                    selector.unregister(key.fileobj)
            if code is not None and not ready:
                return code
            self._check(on_beat)

    def _check(self, on_beat: Callable[[], None]) -> None:
        now = time.monotonic()
        if now - self._started > self._limits.deadline:
            text = f"did not finish within {self._limits.deadline:g} seconds"
            raise self._over(FailureCode.DEADLINE, text)
        if self._stdout.is_over or self._stderr.is_over:
            text = f"wrote more than {in_words(self._limits.output)} of output"
            raise self._over(FailureCode.OUTPUT, text)
        if now >= self._look_due:
            self._check_processes()
            self._look_due = now + _TICK
        if now >= self._disk_due:
            self._check_disk()
            self._disk_due = now + max(_BEAT, 10 * (time.monotonic() - now))
        if now >= self._beat_due:
            on_beat()
            self._beat_due = now + _BEAT

    def _check_processes(self) -> None:
        running = supervisor.descendants(self._process.pid)
        if len(running) > self._limits.processes:
            text = f"started more than {self._limits.processes} processes"
            raise self._over(FailureCode.PROCESSES, text)
        memory = memory_of(running)
        self._max_rss = max(self._max_rss, memory)
        if memory > self._limits.memory:
            text = f"took more than {in_words(self._limits.memory)} of memory"
            raise self._over(FailureCode.MEMORY, text)

    def _check_disk(self) -> None:
        size, count = disk_of(self._folder)
        if size > self._limits.disk:
            text = f"wrote more than {in_words(self._limits.disk)} to its folder"
            raise self._over(FailureCode.DISK, text)
        if count > self._limits.files:
            text = f"made more than {self._limits.files} files in its folder"
            raise self._over(FailureCode.DISK, text)

    def _judge(self, code: int) -> None:
        self._check_disk()
        if code == 0:
            return
        stderr = self._stderr.text(self._secrets)
        said = last_words(stderr)
        for reason, sign in _SIGNS:
            if sign.search(stderr) or (reason, code) == _TOO_LONG:
                raise self._over(reason, f"ran out of {reason} ({said or 'silently'})")
        if code == supervisor.CANNOT_START:
            text = f"{self._name} could not be started: {said}. Correct its path."
            raise ChildFailed(FailureCode.MISSING, text, stderr)
        text = f"{self._name} {_ending(code)}: {said or 'it said nothing'}"
        raise ChildFailed(FailureCode.CRASHED, text, stderr)

    def _over(self, code: FailureCode, what: str) -> ChildFailed:
        text = f"{self._name} {what} and was ended. Raise this cap if it needs more."
        return ChildFailed(code, text, self._stderr.text(self._secrets))


def _patience(selector: selectors.BaseSelector, code: int | None) -> float:
    """Return how many seconds to wait for output: none once the program has ended."""
    if code is not None:
        return 0
    return _TICK if selector.get_map() else _TICK / 10


def _ending(code: int) -> str:
    if code > 0:
        return f"failed with exit code {code}"
    if -code == signal.SIGKILL:
        return "was killed, perhaps because the machine ran out of memory"
    return f"was ended by the signal {signal.Signals(-code).name}"


def _supervised(
    argv: Sequence[str], env: Mapping[str, str], limits: ChildLimits, folder: Path
) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-I", "-S", str(Path(supervisor.__file__).resolve())]
    caps = [str(limits.disk), str(2 * limits.memory)]
    return subprocess.Popen(  # noqa: S603 - a program that the operator named, without a shell
        [*program, *caps, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=dict(env),
        bufsize=0,
        umask=0o077,
        start_new_session=True,
    )
