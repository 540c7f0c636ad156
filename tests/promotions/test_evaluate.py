"""Deciding about a push: what is written, what is not, and what is explained."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import SYSTEM
from promotions import tasks
from promotions.models import Decision, Evaluation, Promotion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.apply import apply
from promotions.services.evaluate import evaluate_move
from promotions.services.explain import explain
from repositories.models import Tag, TagMove
from repositories.services import tags
from tests.factories import (
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    tag_rule,
)

if TYPE_CHECKING:
    from repositories.models import Repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def stable(source: Repository, target: Repository) -> PromotionPolicy:
    """Promotes what ends with stable."""
    return make_policy(source=source, target=target, rules=[tag_rule("ew", "stable")])


def moved(repository: Repository, name: str, **values: Any) -> TagMove:
    return make_tag(repository=repository, name=name, **values).current_move


def woken(monkeypatch: pytest.MonkeyPatch, task: object) -> list[int]:
    """Return the rows that workers are woken up for, by this task."""
    sent: list[int] = []

    def wake(woken_task: object, key: int, **_options: object) -> None:
        if woken_task is task:
            sent.append(key)

    monkeypatch.setattr(tasks, "wake", wake)
    return sent


def test_a_match_is_decided_and_promoted(
    source: Repository, stable: PromotionPolicy
) -> None:
    move = moved(source, "1.0-stable")

    (promotion_id,) = evaluate_move(move_id=move.pk)

    decision = Decision.objects.get()
    assert decision.verdict == "matched"
    assert decision.facts["tag"] == "1.0-stable"
    assert decision.outcomes[0]["result"] == "holds"
    promotion = Promotion.objects.get(pk=promotion_id)
    assert (promotion.policy, promotion.decision) == (stable, decision)


def test_what_does_not_match_is_explained_on_demand(
    source: Repository, stable: PromotionPolicy
) -> None:
    move = moved(source, "1.1-beta")

    assert evaluate_move(move_id=move.pk) == []
    assert not Decision.objects.exists()
    assert stable.current_version is not None
    verdict = explain(version=stable.current_version, move=move)
    assert verdict.result == "not_matched"
    assert verdict.outcomes[0].sentence == 'tag "1.1-beta" does not end with "stable"'


def test_deciding_twice_promotes_once(
    source: Repository, stable: PromotionPolicy
) -> None:
    move = moved(source, "1.0-stable")

    assert evaluate_move(move_id=move.pk) == evaluate_move(move_id=move.pk)
    assert (Decision.objects.count(), Promotion.objects.count()) == (1, 1)


def test_a_disabled_or_deleted_policy_is_not_asked(
    source: Repository, target: Repository
) -> None:
    make_policy(source=source, target=target, enabled=False)
    policies.delete(actor=SYSTEM, policy=make_policy(source=source, target=target))

    assert evaluate_move(move_id=moved(source, "1.0").pk) == []


def test_what_stopped_since_the_last_push_is_not_asked(
    source: Repository, target: Repository
) -> None:
    switched, withdrawn, kept = (
        make_policy(source=source, target=target, tag_template=f"%n-{number}")
        for number in range(3)
    )
    assert len(evaluate_move(move_id=moved(source, "1.0").pk)) == 3
    policies.update(actor=SYSTEM, policy=switched, changes={}, enabled=False)
    agreed = withdrawn.shown_version
    policies.withdraw(actor=SYSTEM, version=agreed, side="target")

    (left,) = evaluate_move(move_id=moved(source, "2.0").pk)
    assert Promotion.objects.get(pk=left).policy == kept


def test_attachments_are_no_subject_of_policies(
    source: Repository, target: Repository
) -> None:
    make_policy(source=source, target=target)
    signature = f"sha256-{'a' * 64}.sig"
    referring = make_manifest(repository=source)
    type(referring).objects.filter(pk=referring.pk).update(subject_digest="sha256:b")

    assert evaluate_move(move_id=moved(source, signature).pk) == []
    assert evaluate_move(move_id=moved(source, "1", manifest=referring).pk) == []


def test_a_new_version_is_for_pushes_to_come(
    source: Repository, stable: PromotionPolicy
) -> None:
    move = moved(source, "1.0-beta")
    evaluate_move(move_id=move.pk)
    policies.update(actor=SYSTEM, policy=stable, changes={"rules": []})

    assert not Promotion.objects.exists()
    assert len(evaluate_move(move_id=moved(source, "2.0-beta").pk)) == 1


def test_save_and_apply_looks_at_the_tags_that_exist(
    source: Repository, target: Repository
) -> None:
    for name in ("1.0-stable", "2.0-stable", "3.0-beta"):
        make_tag(repository=source, name=name)
    draft = policies.Draft(
        source=source,
        target=target.full_name,
        rules=[tag_rule("ew", "stable")],
        tag_template="n",
    )
    policy = policies.create(actor=SYSTEM, draft=draft, apply=True)

    promotions = Promotion.objects.filter(pk__in=list(apply(policy=policy)))

    assert {one.source_tag for one in promotions} == {"1.0-stable", "2.0-stable"}
    assert Evaluation.objects.filter(trigger="apply").count() == 3
    policy.refresh_from_db()
    assert policy.apply_wanted_at is None


def test_applying_goes_on_where_a_worker_died(
    source: Repository, stable: PromotionPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tag(repository=source, name="1.0-stable")
    late = timezone.now() - timedelta(hours=1)
    PromotionPolicy.objects.filter(pk=stable.pk).update(apply_wanted_at=late)
    sent = woken(monkeypatch, tasks.apply_policy)

    tasks.sweep_promotions()

    assert sent == [stable.pk]


def test_a_move_nobody_evaluated_is_found_by_the_sweeper(
    source: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = moved(source, "1.0-stable")
    evaluated = moved(source, "2.0-stable")
    evaluate_move(move_id=evaluated.pk)
    sent = woken(monkeypatch, tasks.evaluate_move)
    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr("promotions.tasks.timezone.now", lambda: later)

    tasks.sweep_promotions()

    assert sent == [lost.pk]


def test_the_baseline_is_not_evaluated(
    source: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tags.Sighting(
        tag="1.0-stable",
        moved_at=timezone.now(),
        expected_version=0,
        is_baseline=True,
    )
    manifest = make_manifest(repository=source)
    tags.record_move(repository=source, manifest=manifest, seen=seen)
    sent = woken(monkeypatch, tasks.evaluate_move)
    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr("promotions.tasks.timezone.now", lambda: later)

    tasks.sweep_promotions()

    assert sent == []
    assert Tag.objects.filter(repository=source, name="1.0-stable").exists()


def cost(repository: Repository, name: str) -> int:
    """Return how many queries it takes to decide about a push of a scanned image."""
    image = make_manifest(repository=repository)
    make_scan(manifest=image, vulnerabilities={"CVE-2025-1": 9.8})
    move = moved(repository, name, manifest=image)
    with CaptureQueriesContext(connection) as queries:
        evaluate_move(move_id=move.pk)
    bounds = ("BEGIN", "SAVEPOINT", "RELEASE")
    return sum(not one["sql"].startswith(bounds) for one in queries.captured_queries)


def make_policies(source: Repository, number: int) -> int:
    """Make some of each scope, with rules on the contents; return how many match."""
    contents = [
        {"field": "vulnerability_critical", "operator": "lte", "values": ["1"]},
        {"field": "component.name", "operator": "oo", "values": ["openssl"]},
    ]
    for _ in range(number):
        make_policy(source=source, target=make_repository(), rules=contents)
        make_policy(
            source=source, target=make_repository(), rules=[tag_rule("ew", "x")]
        )
        soaked = {"field": "updated_at_duration", "operator": "bf", "values": ["2h"]}
        make_policy(source=source, target=make_repository(), rules=[soaked])
        for start, namespace in (("dev/*", source.namespace), ("de*/**", None)):
            draft = policies.Draft(
                source=RepositoryPattern(start),
                target="qa/{repository}",
                namespace=namespace,
                rules=contents,
                tag_template="%n",
            )
            policy = policies.create(actor=SYSTEM, draft=draft)
            if namespace is None:
                policies.admit(actor=SYSTEM, policy=policy, namespace=source.namespace)
    return 3 * number


def test_the_number_of_queries_does_not_grow_with_the_policies(
    source: Repository, target: Repository
) -> None:
    matching = make_policies(source, 1)
    few = cost(source, "1.0")
    assert Promotion.objects.count() == matching
    matching += make_policies(source, 8)
    many = cost(source, "2.0")
    assert Promotion.objects.filter(source_tag="2.0").count() == matching

    # What a version says is read once, by the process that asks it first.
    assert few == many
    assert cost(source, "3.0") == many - 1 <= 12


def test_groups_of_a_rule_name_the_target_tag(
    source: Repository, target: Repository
) -> None:
    make_policy(
        source=source,
        target=target,
        rules=[tag_rule("matches", r"^(\d+\.\d+)-stable$")],
        tag_template="%{1}",
    )
    (promotion_id,) = evaluate_move(move_id=moved(source, "1.4-stable").pk)

    promotion = Promotion.objects.select_related("decision").get(pk=promotion_id)
    assert promotion.decision is not None
    assert promotion.decision.groups == ["1.4"]
