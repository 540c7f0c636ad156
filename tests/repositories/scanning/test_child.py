from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from repositories.scanning import child
from repositories.scanning.child import ChildFailed, ChildLimits, FailureCode
from tests.e2e.people import wait_for
from tests.repositories.scanning import programs

MIB = 1024 * 1024
LIMITS = ChildLimits(
    deadline=20,
    memory=256 * MIB,
    output=MIB,
    disk=8 * MIB,
    files=50,
    processes=8,
)
HANG = "import time; time.sleep(600)"


class Interrupted(BaseException):
    """As Celery's SoftTimeLimitExceeded, raised by a signal's handler."""


@pytest.fixture
def folder(tmp_path):
    """The working folder; no process may know it afterwards."""
    path = tmp_path / "work"
    path.mkdir()
    yield path
    programs.wait_until_gone(str(tmp_path))


@pytest.fixture
def run(folder, tmp_path):
    def run(body, **options):
        program = programs.write(tmp_path, "program", body)
        given = {"env": {}, "limits": LIMITS, "folder": folder, **options}
        return child.run([program], **given)

    return run


def failure(run, body, **options) -> ChildFailed:
    with pytest.raises(ChildFailed) as caught:
        run(body, **options)
    return caught.value


def test_output_comes_back_with_what_it_took(run):
    finished = run(
        "import sys, time\n"
        "kept = b'x' * 50_000_000\n"
        "print('out'); print('err', file=sys.stderr); time.sleep(0.4)"
    )

    assert (finished.stdout, finished.stderr) == (b"out\n", "err\n")
    assert 50 * MIB * 0.9 < finished.max_rss < 100 * MIB
    assert 0.4 < finished.seconds < LIMITS.deadline


def test_nothing_of_the_workers_environment_reaches_it(run, folder, monkeypatch):
    monkeypatch.setenv("MSR_SECRET_KEY", "very secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy:3128")
    dump = "import json, os; print(json.dumps(dict(os.environ)))"

    seen = json.loads(run(dump, env={"GIVEN": "yes"}).stdout)

    assert set(seen) - {"LC_CTYPE"} == {
        "GIVEN",
        "HOME",
        "LANG",
        "PATH",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
    }
    assert seen["HOME"] == seen["TMPDIR"] == str(folder)


def test_it_reads_nothing_writes_privately_and_leaves_no_core(run, folder):
    finished = run(
        "import os, resource, signal, sys\n"
        "open('written', 'w').close()\n"
        "print(repr(sys.stdin.read()), os.getcwd(), os.listdir('/proc/self/fd'),\n"
        "      resource.getrlimit(resource.RLIMIT_CORE))"
    )

    inherited = "['0', '1', '2', '3']"  # the fourth is the listing itself
    assert finished.stdout.decode() == f"'' {folder} {inherited} (0, 0)\n"
    assert (folder / "written").stat().st_mode & 0o777 == 0o600


def test_what_hangs_is_ended_at_its_deadline_with_all_it_started(run, folder):
    started = time.monotonic()

    failed = failure(run, programs.STUBBORN + HANG, limits=replace(LIMITS, deadline=3))

    assert failed.code == FailureCode.DEADLINE
    assert failed.sentence.startswith("program did not finish within 3 seconds")
    assert time.monotonic() - started < 10
    assert len(list(folder.glob("started-*"))) == 2


def test_what_is_left_behind_by_a_program_that_ended_is_ended(run, folder, tmp_path):
    wait = "import glob, time\nwhile len(glob.glob('started-*')) < 2: time.sleep(0.01)"

    run(programs.STUBBORN + wait)

    assert len(list(folder.glob("started-*"))) == 2
    assert programs.running(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (programs.EATS_MEMORY, FailureCode.MEMORY, "took more than 256 MiB of memory"),
        (programs.EATS_MEMORY_AT_ONCE, FailureCode.MEMORY, "ran out of memory"),
        (
            programs.EATS_MEMORY_IN_CHILDREN,
            FailureCode.MEMORY,
            "took more than 256 MiB",
        ),
        (programs.FLOODS_STDOUT, FailureCode.OUTPUT, "wrote more than 1 MiB of output"),
        (programs.FLOODS_STDERR, FailureCode.OUTPUT, "wrote more than 1 MiB of output"),
        (programs.WRITES_FILES + HANG, FailureCode.DISK, "wrote more than 8 MiB"),
        (programs.MAKES_FILES + HANG, FailureCode.DISK, "made more than 50 files"),
        (programs.MAKES_FILES, FailureCode.DISK, "made more than 50 files"),
        (programs.WRITES_ONE_FILE, FailureCode.DISK, "ran out of disk"),
        (programs.WRITES_AS_GO_DOES, FailureCode.DISK, "ran out of disk"),
        (
            programs.MULTIPLIES + HANG,
            FailureCode.PROCESSES,
            "started more than 8 processes",
        ),
    ],
)
def test_what_goes_over_a_cap_is_ended(run, body, code, words):
    failed = failure(run, body)

    assert failed.code == code
    assert words in failed.sentence


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="no skopeo, a Go program")
def test_a_go_program_lives_under_a_small_cap(folder):
    argv = [shutil.which("skopeo") or "", "--version"]
    limits = replace(LIMITS, memory=64 * MIB)

    finished = child.run(argv, env={}, limits=limits, folder=folder)

    assert finished.stdout.startswith(b"skopeo version")


def test_a_crash_is_told_with_its_last_words_and_no_secret(run):
    body = (
        "import sys\n"
        "print('\\x1b[31mlong ' * 500, file=sys.stderr)\n"
        "print('GET http://robot:pa55@registry/v2 Bearer abc.def: s3cret',\n"
        "      file=sys.stderr)\n"
        "sys.exit(3)"
    )

    failed = failure(run, body, secrets=["s3cret"])

    assert failed.code == FailureCode.CRASHED
    assert failed.sentence.startswith("program failed with exit code 3: ")
    assert failed.sentence.endswith("GET http://***@registry/v2 Bearer *** ***")
    assert len(failed.sentence) < 550
    assert all(ord(character) >= 32 for character in failed.sentence)
    assert "s3cret" not in failed.stderr


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "was ended by the signal SIGSEGV"),
        (signal.SIGKILL, "was killed, perhaps because the machine ran out of memory"),
    ],
)
def test_a_signal_is_named(run, number, words):
    failed = failure(run, f"import os; os.kill(os.getpid(), {int(number)})")

    assert failed.code == FailureCode.CRASHED
    assert words in failed.sentence


def test_a_program_that_is_not_there_is_said_so(folder):
    with pytest.raises(ChildFailed, match="no-such could not be started") as caught:
        child.run(["/nowhere/no-such"], env={}, limits=LIMITS, folder=folder)

    assert caught.value.code == FailureCode.MISSING


def test_the_beat_comes_every_second_and_may_end_it(run):
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 3:
            raise LookupError("lease lost")

    with pytest.raises(LookupError, match="lease lost"):
        run(programs.STUBBORN + HANG, on_beat=beat)

    assert 1.8 < beats[2] - beats[0] < 6


def test_an_exception_raised_by_a_signal_ends_it(run, folder):
    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted

    def send() -> None:
        programs.wait_for_files(folder, "started-*", 2)
        signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    main = threading.get_ident()
    watcher = threading.Thread(target=send)
    try:
        watcher.start()
        with pytest.raises(Interrupted):
            run(programs.STUBBORN + HANG)
    finally:
        watcher.join()
        signal.signal(signal.SIGUSR1, before)


SAYS_AT_LAST = """
import time
from pathlib import Path
while not Path("go").exists():
    time.sleep(0.005)
print("last words")
"""


def test_what_is_said_last_is_heard(run, folder):
    def look_away() -> None:
        """Keep the reader busy from before the words until the program has ended."""
        (folder / "go").touch()
        wait_for(has_zombie)

    assert run(SAYS_AT_LAST, on_beat=look_away).stdout == b"last words\n"


def has_zombie() -> bool:
    """Whether a child of this process has ended, and was not waited for yet."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_ALL, 0, options) is not None


def test_children_run_beside_each_other_in_threads(tmp_path, folder):
    program = programs.write(tmp_path, "program", "import sys; print(sys.argv[1])")
    answers = {}

    def work(number: int) -> None:
        argv = [program, str(number)]
        done = child.run(argv, env={}, limits=LIMITS, folder=folder)
        answers[number] = done.stdout

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {n: f"{n}\n".encode() for n in range(4)}


WORKER = """
import sys
from pathlib import Path
from repositories.scanning import child
child.run([sys.argv[1]], env={}, limits=child.ChildLimits(), folder=Path(sys.argv[2]))
"""


def test_the_death_of_the_worker_ends_it(tmp_path, folder):
    program = programs.write(tmp_path, "program", programs.STUBBORN + HANG)
    root = Path(child.__file__).parents[3]
    argv = [sys.executable, "-c", WORKER, program, str(folder)]
    with subprocess.Popen(argv, cwd=root) as worker:
        programs.wait_for_files(folder, "started-*", 2)
        assert len(programs.running(program)) >= 4

        worker.kill()

    programs.wait_until_gone(str(tmp_path))


def test_the_death_of_the_supervisor_is_a_failure_and_ends_the_program(run, tmp_path):
    def kill_supervisor() -> None:
        found = programs.running("supervisor.py")
        ours = [pid for pid in found if pid in programs.running(str(tmp_path))]
        if len(programs.running(str(tmp_path))) > 1:
            os.kill(ours[0], signal.SIGKILL)

    failed = failure(run, HANG, on_beat=kill_supervisor)

    assert failed.code == FailureCode.CRASHED
    assert "was killed" in failed.sentence
