"""Cancelling promotions: who may, and what becomes of a copy under way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import AuditEvent
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services.by_hand import promote_by_hand
from promotions.services.cancel import cancel
from promotions.services.promote import job
from repositories.models import Tag
from repositories.registry import Progress, RegistryError, copy_image
from tests.factories import grant, make_repository, make_tag, make_user

if TYPE_CHECKING:
    from accounts.models import User
    from tests.promotions.conftest import Pipeline


def pending(pipeline: Pipeline, tag: str = "1.0-stable", **image: Any) -> Promotion:
    """A promotion no worker has taken yet."""
    move = pipeline.push(tag, pipeline.new_image(**image))
    return Promotion.objects.get(pk=pipeline.decide(move)[0])


def taken(promotion: Promotion, pipeline: Pipeline, **values: Any) -> None:
    """Leave it as a worker that died has it."""
    columns = {"target_tag": "1.0-stable", "attempts": 1, **values}
    Promotion.objects.filter(pk=promotion.pk).update(
        state=State.RUNNING,
        target_repository=pipeline.target,
        started_at=timezone.now(),
        lease_token=uuid4(),
        leased_until=timezone.now() - timedelta(seconds=1),
        **columns,
    )


def test_what_waits_is_cancelled_at_once(pipeline: Pipeline) -> None:
    promotion = cancel(actor=SYSTEM, promotion=pending(pipeline))

    assert (promotion.state, promotion.error_code) == (State.CANCELLED, "CANCELLED")
    assert pipeline.run(promotion.pk).state == State.CANCELLED
    assert pipeline.target_digest("1.0-stable") is None
    entry = AuditEvent.objects.latest("id")
    assert (entry.action, entry.object_uuid) == ("cancel", promotion.uuid)
    assert (entry.before["state"], entry.after["state"]) == ("pending", "cancelled")


@pytest.mark.parametrize("layers", [0, 3])
def test_a_copy_under_way_ends_before_the_tag(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, layers: int
) -> None:
    promotion = pending(pipeline, layers=layers)

    def asked_meanwhile(*args: Any, **values: Any) -> Any:
        shown = cancel(actor=SYSTEM, promotion=promotion)
        assert (shown.state, shown.cancel_wanted_at is None) == (State.RUNNING, False)
        return copy_image(*args, **values)

    monkeypatch.setattr(job, "copy_image", asked_meanwhile)
    ended = pipeline.run(promotion.pk)

    assert (ended.state, ended.error_code) == (State.CANCELLED, "CANCELLED")
    assert pipeline.target_digest("1.0-stable") is None
    assert not Tag.objects.filter(repository=pipeline.target).exists()


def test_a_wish_during_the_last_blob_is_in_time(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion = pending(pipeline, layers=3)

    def asked_late(*args: Any, on_progress: Any, **values: Any) -> Any:
        def told(progress: Progress) -> None:
            if progress.blobs_done and progress.blobs_done == progress.blobs_total:
                cancel(actor=SYSTEM, promotion=promotion)
            on_progress(progress)

        return copy_image(*args, on_progress=told, **values)

    monkeypatch.setattr(job, "copy_image", asked_late)

    assert pipeline.run(promotion.pk).state == State.CANCELLED
    assert pipeline.target_digest("1.0-stable") is None


def test_a_wish_after_the_tag_was_written_comes_too_late(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion = pending(pipeline)

    def asked_after(*args: Any, **values: Any) -> Any:
        report = copy_image(*args, **values)
        cancel(actor=SYSTEM, promotion=promotion)
        return report

    monkeypatch.setattr(job, "copy_image", asked_after)

    assert pipeline.run(promotion.pk).state == State.SUCCEEDED
    assert pipeline.target_digest("1.0-stable") == promotion.manifest.digest


def test_what_a_dead_worker_left_is_cancelled_when_taken_up(pipeline: Pipeline) -> None:
    promotion = pending(pipeline)
    taken(promotion, pipeline)
    cancel(actor=SYSTEM, promotion=promotion)

    assert pipeline.run(promotion.pk).state == State.CANCELLED
    assert pipeline.target_digest("1.0-stable") is None


def test_what_a_dead_worker_brought_to_its_end_succeeded(pipeline: Pipeline) -> None:
    promotion = pipeline.promote("1.0-stable")
    taken(promotion, pipeline, finished_at=None)
    cancel(actor=SYSTEM, promotion=promotion)

    assert pipeline.run(promotion.pk).state == State.SUCCEEDED


def test_a_copy_that_broke_is_not_tried_again_after_the_wish(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion = pending(pipeline)

    def broken(*_args: Any, **_values: Any) -> Any:
        cancel(actor=SYSTEM, promotion=promotion)
        raise RegistryError("UNAVAILABLE", "The registry is down.", status=503)

    monkeypatch.setattr(job, "copy_image", broken)
    assert pipeline.run(promotion.pk).state == State.PENDING
    monkeypatch.undo()
    Promotion.objects.update(due_at=None)

    assert pipeline.run(promotion.pk).state == State.CANCELLED


def test_what_ended_cannot_be_cancelled(pipeline: Pipeline) -> None:
    promotion = pipeline.promote("1.0-stable")

    with pytest.raises(ValidationError, match="come to its end"):
        cancel(actor=SYSTEM, promotion=promotion)


# --- who may ----------------------------------------------------------------------


@pytest.fixture
def by_hand(db: None) -> Promotion:
    """Asked for by somebody who reads the source and writes the target."""
    source, target = make_repository(), make_repository()
    user = make_user(name="requester")
    grant(to=user, on=source, level=AccessLevel.READ_ONLY)
    grant(to=user, on=target, level=AccessLevel.READ_WRITE)
    return promote_by_hand(
        actor=Actor(user),
        tag=make_tag(repository=source),
        target=target,
        target_tag="x",
    )


def reader(promotion: Promotion, level: AccessLevel, *, of: str) -> User:
    user = make_user()
    grant(to=user, on=getattr(promotion, f"{of}_repository"), level=level)
    return user


@pytest.mark.parametrize("end", ["source", "target"])
def test_admins_of_either_end_may_cancel(by_hand: Promotion, end: str) -> None:
    admin = Actor(reader(by_hand, AccessLevel.ADMIN, of=end))
    assert cancel(actor=admin, promotion=by_hand).state == State.CANCELLED


def test_who_asked_for_it_may_cancel(by_hand: Promotion) -> None:
    assert by_hand.requested_by is not None
    actor = Actor(by_hand.requested_by)
    assert cancel(actor=actor, promotion=by_hand).state == State.CANCELLED


@pytest.mark.parametrize("end", ["source", "target"])
def test_others_are_told_who_may(by_hand: Promotion, end: str) -> None:
    writer = Actor(reader(by_hand, AccessLevel.READ_WRITE, of=end))
    with pytest.raises(PermissionDenied, match="admins of its source"):
        cancel(actor=writer, promotion=by_hand)


def test_to_strangers_there_is_no_promotion(by_hand: Promotion) -> None:
    with pytest.raises(Http404):
        cancel(actor=Actor(make_user()), promotion=by_hand)
    by_hand.refresh_from_db()
    assert by_hand.state == State.PENDING
