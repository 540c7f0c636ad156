"""Images made to hurt whoever reads them are pushed, and the scan worker lives on."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests import hostile_layers as hostile
from tests.e2e.backstage import make_repositories
from tests.e2e.scanning import scan_of, sightings
from tests.images import layered
from tests.packages import Root, unpack_wheels, wheel

if TYPE_CHECKING:
    from tests.e2e.people import Person
    from tests.images import Layer
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

WORKER = "scan-worker"
MORE_MEMORY = 128 * 1024  # kB that the worker may take in addition, at its most
TIMES, BYTES = "unpacks to more than 200 times", "unpacks to more than 4294967296"
OUT = "leads out of the image"


@pytest.fixture
def repository(stack: Stack) -> str:
    """A repository of Dana's that scans what is pushed."""
    name = f"hostile-{uuid4().hex[:8]}/shop"
    make_repositories(stack, {name: "dana"})
    return name


@pytest.fixture
def layers(tmp_path: Path) -> dict[str, tuple[Layer, str]]:
    """Hostile layers, each with what is to be said of it; "" where it does no harm."""
    hard = hostile.linked("etc/passwd", "../../etc/passwd", tarfile.LNKTYPE)
    host = hostile.linked("var/lib/dpkg/status", "/proc/self/root/var/lib/dpkg/status")
    return {
        "bomb": (hostile.bomb(), TIMES),
        "tiny-files": (hostile.tiny_files(600_000), "more than 500000 entries"),
        "truncated": (hostile.truncated(), "ends in the middle"),
        "sparse-gnu": (hostile.sparse(tmp_path, "gnu"), BYTES),
        "sparse-pax": (hostile.sparse(tmp_path, "pax"), BYTES),
        "climbing": (hostile.climbing("../../var/lib/dpkg/status"), OUT),
        "link-out": (hostile.linked("var/lib/dpkg", "../../../../etc"), OUT),
        "hard-link-out": (hard, OUT),
        "link-to-the-host": (host, ""),
    }


def test_hostile_images_fail_with_a_sentence_and_the_next_image_is_scanned(
    stack: Stack,
    dana: Person,
    repository: str,
    layers: dict[str, tuple[Layer, str]],
    tmp_path: Path,
) -> None:
    processes = stack.processes(WORKER)
    before = {process: resident(process) for process in processes}

    for tag, (layer, expected) in layers.items():
        image = layered(tmp_path / tag, layer)
        assert dana.push(image, f"{repository}:{tag}") == ""
        scan = scan_of(stack, image.digest)
        assert scan["state"] == ("failed" if expected else "completed"), tag
        assert scan["component_count"] == 0, "the host has packages, the image none"
        if expected:
            assert scan["attempts"] == 1, "it was not worth another attempt"
            said = f"The layer {layer.digest} cannot be read. The layer "
            assert scan["error"].startswith(said)
            assert expected in scan["error"]

    root = Root(tmp_path / "root")
    unpack_wheels(root, wheel(tmp_path, "harmless", "1.0", "License: MIT"))
    good = layered(tmp_path / "good", root.layer())
    assert dana.push(good, f"{repository}:good") == ""
    found = sightings(stack, scan_of(stack, good.digest))
    assert found.keys() == {"pkg:pypi/harmless@1.0"}
    assert stack.processes(WORKER) == processes, "none has died, and none is left over"
    more = {one: peak(one) - kilobytes for one, kilobytes in before.items()}
    assert max(more.values()) < MORE_MEMORY, more


def resident(process: int) -> int:
    """Return the kB that a process has in memory, and begin its peak anew."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return status(process, "VmRSS")


def peak(process: int) -> int:
    """Return the most kB that a process had in memory."""
    return status(process, "VmHWM")


def status(process: int, name: str) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1])
