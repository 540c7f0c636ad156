"""Whom new evidence asks: policies that were asked about the push before, no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from accounts.access import SYSTEM
from promotions.models import Decision, Evaluation, Promotion
from promotions.models.promotion import State
from promotions.services import apply, policies, reevaluate
from promotions.services.evaluate import evaluate_move
from repositories.services import tags
from tests.factories import (
    make_manifest,
    make_policy,
    make_scan,
    make_tag,
)

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy
    from repositories.models import Repository, TagMove

pytestmark = pytest.mark.django_db

AGAIN = Evaluation.Trigger.EVIDENCE
NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
SOAKED = {"field": "updated_at_duration", "operator": "bf", "values": ["1h"]}


def pushed(source: Repository) -> TagMove:
    move = make_tag(repository=source).current_move
    evaluate_move(move_id=move.pk)
    return move


def scanned(move: TagMove, **found: float) -> list[int]:
    """New evidence arrives; return the promotions to run."""
    assert move.to_manifest
    make_scan(manifest=move.to_manifest, vulnerabilities=found, origin=str(len(found)))
    return evaluate_move(move_id=move.pk, trigger=AGAIN)


def test_a_policy_saved_later_does_not_act_on_old_pushes(source, target):
    move = pushed(source)
    policy = make_policy(source=source, target=target)
    assert scanned(move) == []
    policies.update(actor=SYSTEM, policy=policy, changes={}, apply=True)
    assert len(list(apply.apply(policy=policy))) == 1


def test_nor_does_a_version_saved_later(source, target):
    policy = make_policy(source=source, target=target, rules=[NO_CRITICAL])
    move = pushed(source)
    policies.update(actor=SYSTEM, policy=policy, changes={"rules": []})
    assert scanned(move) == []
    assert not Decision.objects.filter(verdict="waiting").exists()


def test_what_save_and_apply_asked_is_asked_again(source, target):
    move = pushed(source)
    policy = make_policy(source=source, target=target, rules=[NO_CRITICAL])
    policies.update(actor=SYSTEM, policy=policy, changes={}, apply=True)
    assert list(apply.apply(policy=policy)) == []
    assert len(scanned(move)) == 1


def test_what_the_first_walk_recorded_stays_as_it_is(source, target):
    make_policy(source=source, target=target)
    manifest = make_manifest(repository=source)
    seen = tags.Sighting(
        tag="1.0", moved_at=timezone.now(), expected_version=0, is_baseline=True
    )
    move = tags.record_move(repository=source, manifest=manifest, seen=seen)
    assert move is not None
    assert scanned(move) == []
    assert not Evaluation.objects.exists()


def test_evidence_that_is_faster_than_the_push_asks_everybody(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    move = make_tag(repository=source).current_move
    assert len(scanned(move)) == 1


@pytest.mark.parametrize(
    "change", [{"changes": {"zone": "Asia/Tokyo"}}, {"changes": {}, "enabled": False}]
)
def test_a_policy_that_changed_leaves_nothing_waiting_for_a_time(
    source, target, change: dict[str, Any]
):
    """Else the sweeper would take it up again for ever."""
    policy = make_policy(source=source, target=target, rules=[SOAKED])
    move = pushed(source)
    policies.update(actor=SYSTEM, policy=policy, **change)
    Decision.objects.update(reevaluate_at=timezone.now())
    assert reevaluate.due_moves(limit=10) == [move.pk]
    evaluate_move(move_id=move.pk, trigger=AGAIN)
    assert reevaluate.due_moves(limit=10) == []


def test_what_was_cancelled_is_promoted_when_it_matches_again(source, target):
    policy = make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = make_tag(repository=source)
    move, scan = tag.current_move, make_scan(manifest=tag.manifest)
    (first,) = evaluate_move(move_id=move.pk)
    scan.is_current = False
    scan.save()
    assert evaluate_move(move_id=move.pk, trigger=AGAIN) == []
    assert state_of(first) == State.CANCELLED
    scan.is_current = True
    scan.save()

    (second,) = evaluate_move(move_id=move.pk, trigger=AGAIN)

    assert second != first
    assert Promotion.objects.get(pk=second).generation == 2
    assert evaluate_move(move_id=move.pk, trigger=AGAIN) == [second]
    assert generations(policy) == [1, 2]


def state_of(promotion_id: int) -> str:
    return Promotion.objects.get(pk=promotion_id).state


def generations(policy: PromotionPolicy) -> list[int]:
    rows = Promotion.objects.filter(policy=policy).order_by("generation")
    return list(rows.values_list("generation", flat=True))
