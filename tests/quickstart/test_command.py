"""`manage.py quickstart` as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from msr.env import PREFIX
from tests.quickstart.processes import processes_naming, wait_until
from tests.stack.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow


class Quickstart:
    """The command as a process, and what it left in its state folder."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        # What the shell has set would win over what the command chooses.
        environment = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith((PREFIX, "DJANGO_"))
        }
        command = [sys.executable, "manage.py", "quickstart", "--state-dir", str(state)]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def output_until_ready(self) -> str:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            if line == "ready\n":
                return "".join(lines)
            lines.append(line)
        pytest.fail("".join(lines))

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode

    @property
    def processes(self) -> dict[int, str]:
        """Command lines by process id of the command and all its children."""
        return processes_naming(str(self.state))

    @property
    def credentials(self) -> dict[str, Any]:
        text = (self.state / "credentials.json").read_text()
        content: dict[str, Any] = json.loads(text)
        return content


@contextmanager
def quickstart(state: Path, *options: str) -> Iterator[Quickstart]:
    started = Quickstart(state, *options)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.stop(signal.SIGTERM)
        started.process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Quickstart]:
    """A quickstart on ports of its own."""
    options = ("--port", str(free_port()), "--registry-port", str(free_port()))
    with quickstart(tmp_path / "state", *options) as started:
        yield started


def test_it_gets_ready_stops_without_a_trace_and_continues(running: Quickstart) -> None:
    output = running.output_until_ready()
    credentials = running.credentials
    assert credentials["users"]["dana"]["password"] in output
    assert stat.S_IMODE((running.state / "credentials.json").stat().st_mode) == 0o600
    assert len(running.processes) > 5
    assert running.stop(signal.SIGINT) == 0
    assert running.processes == {}

    with quickstart(running.state) as second:
        second.output_until_ready()
        assert second.credentials == credentials
        assert second.stop(signal.SIGTERM) == 0
        assert second.processes == {}


def test_a_part_that_dies_takes_the_rest_with_it(running: Quickstart) -> None:
    running.output_until_ready()
    (redis,) = (pid for pid, line in running.processes.items() if "redis.sock" in line)
    os.kill(redis, signal.SIGKILL)

    output, _ = running.process.communicate(timeout=60)

    assert running.process.returncode == 1
    assert "The Redis has ended by itself" in output
    assert running.processes == {}


def test_nothing_survives_a_quickstart_that_is_killed(running: Quickstart) -> None:
    running.output_until_ready()

    running.process.kill()
    running.process.communicate(timeout=60)

    wait_until(lambda: running.processes == {})
