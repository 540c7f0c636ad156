"""A scanner that hangs, floods, eats memory or crashes: the worker lives on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.backstage import make_repositories
from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import scan_of
from tests.repositories.scanning import fake_trivy
from tests.repositories.scans import reports
from tests.stack.missing import MissingProgram
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.images import Image

pytestmark = pytest.mark.slow

WORKER = "scan-worker"
VERSION = json.dumps({"Version": "0.66.0"})
GOOD = json.dumps(reports.trivy(vulnerabilities={"CVE-2026-1": 9.8})).encode()


def program(orders: Path) -> str:
    """Does what stands in a file; a child of its own session keeps it company."""
    return f"""
if sys.argv[1] == "version":
    print({VERSION!r})
    sys.exit()
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
exec(Path({str(orders)!r}).read_text())
"""


ORDERS = {
    "hangs": ("time.sleep(600)", "did not finish within"),
    "floods": ("while True: print('x' * 10_000)", "of output"),
    "eats": ("kept = bytearray(600_000_000); time.sleep(600)", "of memory"),
    "crashes": ("os.kill(os.getpid(), 11)", "SIGSEGV"),
    "garbage": ("write_report(b'no json')", "cannot be read"),
}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return tmp_path / "orders"


@pytest.fixture
def stack(tmp_path: Path, orders: Path) -> Iterator[Stack]:
    """A stack whose scan worker has the program for its Trivy, within small caps."""
    trivy = fake_trivy.install(tmp_path, program(orders))
    environment = {
        "MSR_TRIVY_PROGRAM": trivy.program,
        "MSR_TRIVY_FOLDER": str(trivy.folder),
        "MSR_SCAN_FOLDER": str(trivy.work_folder),
        "MSR_SCAN_DEADLINE": "6",
        "MSR_SCAN_ATTEMPTS": "1",
        "MSR_SCAN_MEMORY": "200000000",
        "MSR_REPORT_MAX_BYTES": "1000000",
    }
    try:
        with Stack(environment=environment) as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


def test_its_scans_fail_with_a_sentence_and_the_next_is_good(
    stack: Stack,
    dana: Person,
    orders: Path,
    tmp_path: Path,
    new_image: Callable[..., Image],
) -> None:
    repository = f"odd-{uuid4().hex[:8]}/shop"
    make_repositories(stack, {repository: "dana"})
    processes = stack.processes(WORKER)

    for tag, (order, expected) in ORDERS.items():
        orders.write_text(order)
        image = new_image()
        assert dana.push(image, f"{repository}:{tag}") == ""
        scan = scan_of(stack, image.digest, "trivy")
        assert scan["state"] == "failed", tag
        assert expected in scan["error"], tag
        wait_for(lambda: not left_over(tmp_path))

    orders.write_text(f"write_report({GOOD!r})")
    image = new_image()
    assert dana.push(image, f"{repository}:good") == ""
    scan = scan_of(stack, image.digest, "trivy")
    assert (scan["state"], scan["critical_count"]) == ("completed", 1)
    wait_for(lambda: not left_over(tmp_path))
    assert stack.processes(WORKER) == processes
    assert list((tmp_path / "work").iterdir()) == []


def left_over(folder: Path) -> list[str]:
    """Return the processes whose program is the one in the folder."""
    mark = os.fsencode(folder / "bin" / "trivy")
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if mark in command:
            found.append(path.parent.name)
    return found
