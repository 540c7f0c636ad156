"""History that nothing rests on goes when it is old; nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Horizon
from accounts.services import retention
from promotions.models import Evaluation, Promotion
from promotions.models.promotion import State
from promotions.services.forgetting import Forgotten, forget
from repositories.models import Tag, TagMove
from tests.factories import make_manifest, make_repository, make_tag, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
OLD = NOW - timedelta(days=400)
NOTHING = Forgotten(0, 0, 0)


@pytest.fixture(autouse=True)
def _a_year(settings):
    settings.EVENT_DAYS = 365


def entry(created_at) -> AuditEvent:
    return AuditEvent.objects.create(
        actor="dana",
        action="create",
        object_type="repositories.Repository",
        object_name="dev/website",
        created_at=created_at,
    )


def moves(*times, tag: str = "v1") -> list[TagMove]:
    """Return moves of one tag that were made at these times; the last one stands."""
    repository = make_repository()
    image = make_manifest(repository=repository, content=tag)
    made = [
        TagMove.objects.create(
            repository=repository,
            tag=tag,
            to_manifest=image,
            moved_at=at,
            created_at=at,
        )
        for at in times
    ]
    Tag.objects.create(
        repository=repository,
        name=tag,
        manifest=image,
        current_move=made[-1],
        updated_at=made[-1].moved_at,
    )
    return made


def promotion(move: TagMove, **values: Any) -> Promotion:
    user = make_user()
    assert move.to_manifest is not None
    return Promotion.objects.create(
        requested_by=user,
        idempotency_key=f"by hand {move.pk} {user.pk}",
        source_repository=move.repository,
        source_tag=move.tag,
        tag_move=move,
        root_move=move,
        manifest=move.to_manifest,
        target_name="t",
        state=State.SUCCEEDED,
        finished_at=OLD,
        **values,
    )


def keys(model) -> set[int]:
    return set(model.objects.values_list("pk", flat=True))


def test_old_entries_of_the_audit_log_go_and_that_is_recorded():
    old, young = entry(OLD), entry(NOW - timedelta(days=364))
    assert forget().entries == 1
    kept = AuditEvent.objects.all()
    assert young in kept
    assert old not in kept
    (recorded,) = kept.filter(action="forget")
    assert recorded.actor == "system"
    assert "accounts_auditevent" in recorded.object_name


def test_nothing_goes_unless_the_operator_wants_it(settings):
    settings.EVENT_DAYS = 0
    entry(OLD)
    moves(OLD, OLD, NOW)
    assert forget() == NOTHING
    assert not Horizon.objects.exists()


def test_the_newest_are_kept_by_count(settings):
    settings.EVENT_DAYS, settings.EVENT_COUNT = 0, 2
    for days in (90, 80, 70, 60):
        entry(NOW - timedelta(days=days))
    assert forget().entries == 2


def test_nothing_of_the_last_month_goes_whatever_the_count(settings):
    settings.EVENT_COUNT = 1
    for days in (29, 28, 27):
        entry(NOW - timedelta(days=days))
    assert forget() == NOTHING


@pytest.mark.parametrize("model", [AuditEvent, TagMove])
def test_a_younger_row_cannot_be_deleted_nor_any_changed(model):
    times = (OLD, NOW - timedelta(days=100))
    is_log = model is AuditEvent
    old, young, *_ = map(entry, times) if is_log else moves(*times, NOW)
    retention.open_horizon(model, NOW - timedelta(days=365))
    table = model._meta.db_table
    for sql in (
        f"DELETE FROM {table} WHERE id = {young.pk}",  # noqa: S608 - our own table
        f"UPDATE {table} SET id = id WHERE id = {young.pk}",  # noqa: S608 - the same
        f"UPDATE {table} SET id = id WHERE id = {old.pk}",  # noqa: S608 - the same
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            _execute(sql)
    _execute(f"DELETE FROM {table} WHERE id = {old.pk}")  # noqa: S608 - the same
    assert young.pk in keys(model)
    assert old.pk not in keys(model)


def test_the_horizon_of_one_table_is_none_of_another():
    old = entry(OLD)
    retention.open_horizon(TagMove, NOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _execute(f"DELETE FROM accounts_auditevent WHERE id = {old.pk}")  # noqa: S608 - ours
    assert old.pk in keys(AuditEvent)


def test_a_horizon_does_not_come_back():
    retention.open_horizon(TagMove, NOW)
    retention.open_horizon(TagMove, OLD)
    assert Horizon.objects.get().before == NOW


def test_old_moves_go_with_their_evaluations():
    old, standing = moves(OLD, OLD)
    for move in (old, standing):
        Evaluation.objects.create(tag_move=move, evidence_version="e", created_at=OLD)
    assert forget().moves == 1
    assert keys(TagMove) == {standing.pk}
    assert Evaluation.objects.get().tag_move == standing


def test_a_move_that_was_promoted_stays_as_long_as_its_promotion():
    old, _ = moves(OLD, OLD)
    made = promotion(old)
    assert (forget(), keys(Promotion)) == (Forgotten(0, 1, 1), set())
    assert made.pk
    assert old.pk not in keys(TagMove)


def test_what_would_be_promoted_again_without_its_promotion_keeps_it():
    (standing,) = moves(OLD)
    made = promotion(standing)
    assert forget() == NOTHING
    assert keys(Promotion) == {made.pk}


def test_a_promotion_whose_copy_is_known_stays():
    old, _ = moves(OLD, OLD)
    made = promotion(old)
    brought = make_tag(
        repository=make_repository(),
        name="out",
        manifest=old.to_manifest,
        pushed_by=f"promotion:{made.uuid}",
    )
    assert forget() == NOTHING
    assert brought.current_move.promotion_uuid == made.uuid


def test_a_promotion_that_was_repeated_stays_as_long_as_the_repetition():
    old, _ = moves(OLD, OLD)
    again = promotion(old, repeats=promotion(old))
    Promotion.objects.filter(pk=again.pk).update(finished_at=NOW)
    assert forget() == NOTHING


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
