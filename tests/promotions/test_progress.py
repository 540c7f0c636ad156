"""What people see of a copy that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.querysets import IllegalTransition
from promotions.services.promote import job, keeping
from promotions.services.promote.claim import Claim, claim
from promotions.services.promote.keeping import Keeper
from promotions.services.promote.wanted import load
from repositories.registry import Progress, copy_image

if TYPE_CHECKING:
    from tests.promotions.conftest import Pipeline


@pytest.fixture
def taken(pipeline: Pipeline) -> Claim:
    """A promotion that a worker has just begun to copy."""
    (key,) = pipeline.decide(pipeline.push("1.0-stable"))
    found = claim(load(key))
    assert found is not None
    return found


@pytest.fixture
def _told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WRITE_SECONDS", 0.0)


def row_of(found: Claim) -> Promotion:
    return Promotion.objects.get(pk=found.promotion.pk)


@pytest.mark.usefixtures("_told_at_once")
def test_progress_is_written_with_the_lease(taken: Claim) -> None:
    until = row_of(taken).leased_until
    Keeper(taken)(Progress(3, 12, 4096))
    row = row_of(taken)
    assert (row.blobs_done, row.blobs_total, row.bytes_moved) == (3, 12, 4096)
    assert until is not None
    assert row.leased_until is not None
    assert row.leased_until > until


@pytest.mark.usefixtures("_told_at_once")
def test_progress_never_goes_backwards(taken: Claim) -> None:
    keeper, seen = Keeper(taken), []
    for done, moved in ((3, 10), (2, 20), (0, 0), (5, 30)):
        keeper(Progress(done, 12, moved))
        row = row_of(taken)
        seen.append((row.blobs_done, row.bytes_moved))
    assert seen == [(3, 10), (3, 20), (3, 20), (5, 30)]


@pytest.mark.usefixtures("_told_at_once")
def test_who_lost_the_lease_writes_no_progress(taken: Claim) -> None:
    keeper = Keeper(taken)
    keeper(Progress(7, 12, 0))
    Promotion.objects.filter(pk=taken.promotion.pk).update(lease_token=uuid4())
    with pytest.raises(IllegalTransition):
        keeper(Progress(9, 12, 0))
    assert row_of(taken).blobs_done == 7


def test_a_quick_copy_writes_no_progress_of_its_own(taken: Claim) -> None:
    keeper = Keeper(taken)
    for done in range(12):
        keeper(Progress(done, 12, 0))
    assert row_of(taken).blobs_total == 0


@pytest.mark.usefixtures("_told_at_once")
def test_what_the_target_has_counts_from_the_start(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.promote("1.0-stable", pipeline.make_image("shared", layers=3))
    told: list[Progress] = []

    def watched(*args: Any, on_progress: Any, **values: Any) -> Any:
        def tell(progress: Progress) -> None:
            told.append(progress)
            on_progress(progress)

        return copy_image(*args, on_progress=tell, **values)

    monkeypatch.setattr(job, "copy_image", watched)
    ended = pipeline.promote("1.1-stable", pipeline.make_image("shared", layers=5))
    assert ended.state == State.SUCCEEDED
    assert (ended.blobs_done, ended.blobs_total) == (6, 6)
    assert {one.blobs_total for one in told} == {6}
    done = [one.blobs_done for one in told]
    assert done == sorted(done)
    assert done[1] > 1  # the layers of the image before, mounted already
