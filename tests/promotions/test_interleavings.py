"""Two hands on one thing: what happens between two steps of a promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.access import SYSTEM
from promotions.models import Evaluation, PolicyVersion, Promotion, PromotionPolicy
from promotions.models.promotion import State
from promotions.services import apply, policies, promote
from promotions.services.placement import place
from promotions.services.promote import claim as claims
from promotions.services.promote import wanted
from promotions.services.promote.job import _copy
from promotions.services.promote.outcome import record_success
from repositories.models import RegistryEvent
from repositories.services import ingest, manifests, repositories, tags
from tests.promotions.test_promote import skipped

if TYPE_CHECKING:
    from tests.promotions.conftest import Pipeline

EVERY_PUSH = PolicyVersion.OnMovedTag.EVERY_PUSH


def _event(pipeline: Pipeline, number: int, actor: str, digest: str) -> str:
    row = RegistryEvent.objects.create(
        event_id=f"event-{number}",
        action="push",
        repository=pipeline.target.full_name,
        tag="1.0-stable",
        payload={
            "digest": digest,
            "actor": actor,
            "timestamp": timezone.now().isoformat(),
        },
    )
    return row.event_id


def test_a_promotion_recorded_late_leaves_a_newer_push_alone(
    pipeline: Pipeline,
) -> None:
    """The worker stalls between its PUT and its record; a person pushes meanwhile."""
    (key,) = pipeline.decide(pipeline.push("1.0-stable"))
    due = wanted.load(key)
    assert due is not None
    claim = claims.claim(due)
    assert claim is not None
    tree = manifests.tree(claim.promotion.manifest, held_by=pipeline.source)
    report = _copy(claim, tree)
    digest = str(due.manifest.digest)
    ingest.process(event_id=_event(pipeline, 1, f"promotion:{due.uuid}", digest))
    by_person = pipeline.new_image()
    pipeline.registry.push(by_person, pipeline.target.full_name, "1.0-stable")
    newer = str(by_person.manifest.digest)
    ingest.process(event_id=_event(pipeline, 2, "quinn", newer))

    record_success(claim, report, list(tree))

    assert Promotion.objects.get(pk=key).state == State.SUCCEEDED
    assert pipeline.target_digest("1.0-stable") == newer


def test_a_promotion_whose_worker_died_after_the_put_is_not_copied_again(
    pipeline: Pipeline,
) -> None:
    (key,) = pipeline.decide(pipeline.push("1.0-stable"))
    due = wanted.load(key)
    assert due is not None
    claim = claims.claim(due)
    assert claim is not None
    _copy(claim, manifests.tree(claim.promotion.manifest, held_by=pipeline.source))
    digest = str(due.manifest.digest)
    ingest.process(event_id=_event(pipeline, 1, f"promotion:{due.uuid}", digest))
    by_person = pipeline.new_image()
    pipeline.registry.push(by_person, pipeline.target.full_name, "1.0-stable")
    newer = str(by_person.manifest.digest)
    ingest.process(event_id=_event(pipeline, 2, "quinn", newer))
    Promotion.objects.filter(pk=key).update(leased_until=timezone.now())

    promote.run(promotion_id=key)

    assert pipeline.target_digest("1.0-stable") == newer


def test_a_tag_made_immutable_between_placing_and_claiming_stays(
    pipeline: Pipeline,
) -> None:
    """Two sources, one immutable target tag: the second placed itself too early."""
    repositories.update(actor=SYSTEM, repository=pipeline.target, immutable_tags=["*"])
    changes = {
        "tag_template": "v1",
        "on_moved_tag": EVERY_PUSH,
    }
    policies.update(actor=SYSTEM, policy=pipeline.policy, changes=changes)
    (one,) = pipeline.decide(pipeline.push("1-stable"))
    (two,) = pipeline.decide(pipeline.push("2-stable"))
    early = wanted.load(two)
    assert early is not None
    placement = place(early)
    pipeline.run(one)
    first = pipeline.target_digest("v1")

    with pytest.raises(tags.TagChanged):
        claims._take(early, placement)

    assert skipped(pipeline.run(two)) == "TAG_IMMUTABLE"
    assert pipeline.target_digest("v1") == first


def test_a_retry_keeps_its_dated_tag_from_others(pipeline: Pipeline) -> None:
    """A promotion waiting for its next attempt has its tag reserved."""
    changes = {
        "tag_template": "%Y",
        "on_moved_tag": EVERY_PUSH,
    }
    policies.update(actor=SYSTEM, policy=pipeline.policy, changes=changes)
    (one,) = pipeline.decide(pipeline.push("1-stable"))
    due = wanted.load(one)
    assert due is not None
    claim = claims.claim(due)
    assert claim is not None
    Promotion.objects.filter(pk=one).move_to(State.PENDING, lease=claim.lease)
    two = pipeline.promote("2-stable")

    assert two.state == State.SUCCEEDED
    assert pipeline.run(one).state == State.SUCCEEDED


def test_an_update_without_the_switch_does_not_switch_on_again(
    pipeline: Pipeline,
) -> None:
    stale = PromotionPolicy.objects.live().get(pk=pipeline.policy.pk)
    fresh = PromotionPolicy.objects.live().get(pk=pipeline.policy.pk)
    policies.update(actor=SYSTEM, policy=fresh, changes={}, enabled=False)

    policies.update(actor=SYSTEM, policy=stale, changes={"tag_template": "x-%n"})

    assert not PromotionPolicy.objects.get(pk=pipeline.policy.pk).enabled


def test_a_disabled_policy_is_not_applied(pipeline: Pipeline) -> None:
    pipeline.push("1.0-stable")
    policy = PromotionPolicy.objects.live().get(pk=pipeline.policy.pk)
    policies.update(actor=SYSTEM, policy=policy, changes={}, enabled=False, apply=True)
    policy.refresh_from_db()

    assert list(apply.apply(policy=policy)) == []
    assert not Evaluation.objects.exists()
