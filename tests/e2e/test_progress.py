"""A big image on its way, watched from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.backstage import make_repositories
from tests.e2e.people import Person, wait_for
from tests.e2e.test_chains import add_policy
from tests.stack.missing import MissingProgram
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.images import Image

pytestmark = pytest.mark.slow

# Blob after blob, so that the copy lasts; with so short a lease it is told more often.
WATCHED = {"MSR_COPY_PARALLELISM": "1", "MSR_LEASE_SECONDS": "1"}
LAYERS = 200


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack of this test's own, which copies slowly."""
    try:
        with Stack(environment=WATCHED) as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


def test_a_copy_says_how_far_it_is_and_never_goes_back(
    stack: Stack, admin: Person, dana: Person, new_image: Callable[..., Image]
) -> None:
    mark = uuid4().hex[:8]
    source, target = f"watched-{mark}/app", f"watched-{mark}/promoted"
    make_repositories(stack, {source: "dana", target: "dana"})
    assert add_policy(admin, source, target).status_code == 201
    assert dana.push(new_image(layers=LAYERS, layer_bytes=100), f"{source}:1.0") == ""
    seen: list[tuple[int, int]] = []

    def has_ended() -> dict[str, Any] | None:
        for one in dana.get(f"/repositories/{source}/promotions"):
            seen.append((one["blobsDone"], one["blobsTotal"]))
            if one["finishedAt"]:
                ended: dict[str, Any] = one
                return ended
        return None

    assert wait_for(has_ended, patience=60)["state"] == "succeeded"
    assert seen[-1] == (LAYERS + 1, LAYERS + 1)
    assert seen == sorted(seen)
    assert {total for _, total in seen} <= {0, LAYERS + 1}
    assert any(0 < done < total for done, total in seen), "nothing was told meanwhile"
