"""Workers die in the middle of copies and scans, without a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.backstage import (
    is_at_rest,
    make_repositories,
    moves,
    promotions,
    rows,
)
from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import scan_of, scans, sightings
from tests.e2e.test_chains import add_policy
from tests.hostile_layers import tiny_files
from tests.images import layered
from tests.packages import Root, unpack_wheels, wheel
from tests.stack.missing import MissingProgram
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.images import Image

pytestmark = pytest.mark.slow

# A dead worker's work is taken over after seconds, and a copy takes long enough to be
# found in the middle: one blob after the other.
IMPATIENT = {
    "MSR_LEASE_SECONDS": "3",
    "MSR_SWEEP_PERIOD": "1",
    "MSR_RETRY_BASE_SECONDS": "0.5",
    "MSR_COPY_PARALLELISM": "1",
    "MSR_VISIBILITY_TIMEOUT": "3",
}
LAYERS, KILLS = 30, 4
BOUND = 30.0  # seconds after the last kill until all is promoted


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack of these tests' own: no other test likes its workers to die."""
    try:
        with Stack(environment=IMPATIENT) as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


def test_under_a_stream_of_pushes_killed_workers_lose_and_repeat_nothing(
    stack: Stack, admin: Person, dana: Person, new_image: Callable[..., Image]
) -> None:
    mark = uuid4().hex[:8]
    source, target = f"killed-{mark}/app", f"killed-{mark}/promoted"
    make_repositories(stack, {source: "dana", target: "dana"})
    assert add_policy(admin, source, target).status_code == 201
    cut_short: dict[int, int] = {}

    with ThreadPoolExecutor(1) as pool:
        enough = Event()
        stream = pool.submit(push_until, enough, dana, source, new_image)
        try:
            for _ in range(KILLS):
                kill_while_copying(stack, source, cut_short)
        finally:
            enough.set()
        pushed = stream.result()
    wait_for(lambda: is_at_rest(stack), BOUND)

    assert len(cut_short) >= KILLS / 2, "too few of the kills met a copy"
    made = promotions(stack, source)
    assert {one["state"] for one in made} == {"succeeded"}
    attempts = {one["id"]: one["attempts"] for one in made}
    assert any(attempts[key] > attempt for key, attempt in cut_short.items())
    assert sorted(one["source_tag"] for one in made) == sorted(pushed)
    for repository in (source, target):
        assert sorted(one["tag"] for one in moves(stack, repository)) == sorted(pushed)
    assert {one["name"]: one["digest"] for one in dana.tags(target)} == pushed
    assert {tag: dana.digest(f"{target}:{tag}") for tag in pushed} == pushed


def push_until(
    enough: Event, person: Person, source: str, new_image: Callable[..., Image]
) -> dict[str, str]:
    """Push one image after the other; return the digests by their tags."""
    pushed: dict[str, str] = {}
    while not enough.is_set():
        tag, image = f"{len(pushed)}", new_image(layers=LAYERS, layer_bytes=500)
        assert person.push(image, f"{source}:{tag}") == ""
        pushed[tag] = image.digest
    return pushed


def kill_while_copying(stack: Stack, source: str, cut_short: dict[int, int]) -> None:
    """Kill the worker within a copy that no kill has met before; start another.

    Notes what was cut short, by the number of its attempts.
    """
    wait_for(lambda: running(stack, source).keys() - cut_short.keys())
    stack.kill("worker")
    cut_short |= running(stack, source)
    stack.start_again("worker")


def running(stack: Stack, source: str) -> dict[int, int]:
    """Return what is being copied, or was when its worker died, and which attempt."""
    found = promotions(stack, source)
    return {one["id"]: one["attempts"] for one in found if one["state"] == "running"}


def test_a_scan_whose_worker_was_killed_completes_once_another_runs(
    stack: Stack, dana: Person, root: Root, tmp_path: Path
) -> None:
    repository = f"killed-{uuid4().hex[:8]}/app"
    make_repositories(stack, {repository: "dana"})
    unpack_wheels(root, wheel(tmp_path, "base", "1.0", "License: MIT"))
    base, slow = root.layer(), tiny_files(400_000)
    image = layered(tmp_path / "image", base, slow)
    assert dana.push(image, f"{repository}:1.0") == ""

    wait_for(lambda: was_read(stack, base.digest))
    stack.kill("scan-worker")
    (cut_short,) = scans(stack, image.digest)
    assert (cut_short["state"], cut_short["attempts"]) == ("running", 1)
    assert not was_read(stack, slow.digest), "it was killed too late"
    stack.start_again("scan-worker")

    completed = scan_of(stack, image.digest)
    assert (completed["state"], completed["attempts"]) == ("completed", 2)
    assert sightings(stack, completed).keys() == {"pkg:pypi/base@1.0"}
    assert [one["id"] for one in scans(stack, image.digest)] == [cut_short["id"]]


def was_read(stack: Stack, layer: str) -> bool:
    """Tell whether it is known what is in a layer."""
    query = "SELECT id FROM repositories_layerinventory WHERE digest = ?"
    return bool(rows(stack, query, layer))
