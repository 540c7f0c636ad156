"""Child processes: one that ends is told of, and none is left behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from msr.quickstart.children import Children, Part
from msr.quickstart.errors import QuickstartError
from tests.quickstart.processes import processes_naming

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


def test_a_part_that_ends_by_itself_is_named_with_its_last_words(
    tmp_path: Path,
) -> None:
    part = Part("portal", (sys.executable, "-c", "exit('no such table')"), os.environ)

    with Children(tmp_path, tmp_path) as children:
        children.start(part)
        with pytest.raises(QuickstartError, match=r"portal .*(?s:.*)no such table"):
            children.watch()


def test_a_task_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    task = Part("migrate", (sys.executable, "-c", "exit('disk full')"), os.environ)

    with (
        Children(tmp_path, tmp_path) as children,
        pytest.raises(QuickstartError, match=r"migrate failed .*(?s:.*)disk full"),
    ):
        children.run(task)


def test_a_part_that_is_never_ready_is_named(tmp_path: Path) -> None:
    part = Part("worker", SLEEP, os.environ, is_ready=lambda: False)

    with Children(tmp_path, tmp_path) as children:
        children.start(part)
        with pytest.raises(QuickstartError, match="worker is not ready"):
            children.wait_until_ready(seconds=0)


def test_the_children_of_a_part_end_with_it(tmp_path: Path) -> None:
    spawn = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); open('up', 'w')"
    mark = f"mark-of-{tmp_path}"
    part = Part(
        "parent",
        (sys.executable, "-c", f"{spawn}; {SLEEP[-1]}", *SLEEP),
        {**os.environ, "MARK": mark},
        (tmp_path / "up").exists,
    )

    with Children(tmp_path, tmp_path) as children:
        children.start(part)
        children.wait_until_ready()
        assert len(processes_naming(mark)) == 2

    assert processes_naming(mark) == {}


def test_the_last_wave_is_stopped_first(tmp_path: Path) -> None:
    leave_name = """
import signal, sys, time
def leave(*_):
    open("order", "a").write(sys.argv[1])
    sys.exit()
signal.signal(signal.SIGTERM, leave)
open(sys.argv[1], "w")
time.sleep(600)
"""

    with Children(tmp_path, tmp_path) as children:
        for name in ("a", "b"):
            command = (sys.executable, "-c", leave_name, name)
            children.start(Part(name, command, os.environ, (tmp_path / name).exists))
            children.wait_until_ready()

    assert (tmp_path / "order").read_text() == "ba"


def test_a_part_that_will_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msr.quickstart.children.GRACE_SECONDS", 0.1)
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    command = (sys.executable, "-c", f"{ignore}; open('up', 'w'); {SLEEP[-1]}")
    mark = f"mark-of-{tmp_path}"
    environment = {**os.environ, "MARK": mark}

    with Children(tmp_path, tmp_path) as children:
        children.start(Part("deaf", command, environment, (tmp_path / "up").exists))
        children.wait_until_ready()

    assert processes_naming(mark) == {}
