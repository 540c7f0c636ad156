"""Rules on what is in an image: waiting for a scan, deciding, and deciding again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.access import Actor
from promotions import tasks
from promotions.models import Decision, Evaluation, PolicyVersion, Promotion
from promotions.models.promotion import State
from promotions.services import evaluate, explain, reevaluate
from promotions.services.evidence import gathering
from promotions.services.evidence.scans import choose
from repositories.models import (
    Finding,
    IndexChild,
    Manifest,
    Scan,
    TagMove,
    VulnerabilityException,
)
from repositories.services import exceptions
from tests.factories import (
    make_index,
    make_organization,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    make_user,
)

if TYPE_CHECKING:
    from repositories.models import Repository, Tag

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
NO_AGPL = {"field": "license.name", "operator": "noo", "values": ["AGPL-3.0-only"]}
CRITICAL = {"CVE-2026-1": 9.8, "CVE-2026-2": 9.1, "CVE-2026-3": 7.0, "CVE-2026-4": 5.0}


@pytest.fixture(autouse=True)
def _messages_arrive(monkeypatch, settings):
    """Let every task run at once that evaluates, and none that copies."""
    for task in ("evaluate_move", "reevaluate_move", "reevaluate_image"):
        monkeypatch.setattr(getattr(tasks, task), "delay", getattr(tasks, task))
    monkeypatch.setattr(tasks.reevaluate_exception, "delay", tasks.reevaluate_exception)
    monkeypatch.setattr(tasks.run_promotion, "delay", lambda _key: None)
    monkeypatch.setattr("repositories.tasks.transaction.on_commit", lambda send: send())
    monkeypatch.setattr(
        tasks.reevaluate_move,
        "apply_async",
        lambda args, **_options: tasks.reevaluate_move(*args),
    )


def push(source: Repository, **values: Any) -> Tag:
    tag = make_tag(repository=source, **values)
    if not Evaluation.objects.filter(tag_move=tag.current_move).exists():
        evaluate.evaluate_move(move_id=tag.current_move.pk)
    return tag


def sentences(tag: Tag) -> str:
    """What the only policy says about the tag now."""
    version = Decision.objects.filter(tag_move=tag.current_move).first()
    policy = version.policy_version if version else _only_version()
    move = TagMove.objects.select_related("repository__namespace", "to_manifest").get(
        pk=tag.current_move.pk
    )
    verdict = explain.explain(version=policy, move=move)
    return "; ".join(outcome.sentence for outcome in verdict.outcomes)


def _only_version() -> Any:
    return PolicyVersion.objects.get()


def test_an_image_waits_for_its_scan_and_is_then_promoted(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    waiting = Decision.objects.get()
    assert waiting.verdict == Decision.Verdict.WAITING
    assert "no scan of linux/amd64" in waiting.outcomes[0]["sentence"]
    assert not Promotion.objects.exists()
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-4": 5.0})
    decision = Decision.objects.get()
    assert decision.verdict == Decision.Verdict.MATCHED
    assert Promotion.objects.get().decision == decision
    assert decision.facts["platforms"][0]["vulnerabilities"]["count"] == 1


def test_three_critical_vulnerabilities_are_named(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities=CRITICAL)
    assert not Promotion.objects.exists()
    assert not Decision.objects.exists()
    said = sentences(tag)
    assert "critical vulnerabilities: 3" in said
    for name in ("CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "openssl 3.0.1", "3.0.2"):
        assert name in said
    assert "CVE-2026-4" not in said


def test_hiding_what_speaks_against_it_promotes_it(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    admin = make_user(is_superuser=True)
    exceptions.hide(
        actor=Actor(admin),
        scope=source,
        vulnerability="cve-2026-1",
        reason="not reachable",
    )
    decision = Promotion.objects.get().decision
    assert decision is not None
    (kept,) = decision.exceptions
    assert (kept["vulnerability"], kept["author"]) == ("cve-2026-1", admin.username)
    assert decision.facts["platforms"][0]["hidden"] == ["CVE-2026-1"]


def test_hiding_what_github_names_promotes_it(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"GHSA-jfh8-c2jp-5v3q": 9.8})
    actor = Actor(make_user(is_superuser=True))
    hide = {"actor": actor, "scope": source, "reason": "not reachable"}
    exceptions.hide(vulnerability="GHSA-jfh8-c2jp-5v3q", **hide)
    assert Promotion.objects.exists()


def test_what_is_shown_again_counts_again(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    actor = Actor(make_user(is_superuser=True))
    hidden = exceptions.hide(
        actor=actor, scope=source, vulnerability="CVE-2026-1", reason="for a day"
    )
    exceptions.unhide(actor=actor, exception=hidden)
    promotion = Promotion.objects.get()
    assert promotion.state == State.CANCELLED
    assert promotion.error_code == "CRITERIA_NO_LONGER_MET"
    assert "CVE-2026-1" in sentences(tag)


def test_an_exception_that_runs_out_is_noticed_once(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=source,
        vulnerability="CVE-2026-1",
        reason="for an hour",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        tasks.sweep_decisions()
        assert Promotion.objects.get().state == State.CANCELLED
        assert reevaluate.expired_exceptions() == []
        assert "CVE-2026-1" in sentences(tag)


@pytest.mark.parametrize(
    "narrowed",
    [
        {"component_name": "zlib"},
        {"component_version": "1.1"},
        {"layer_digest": "sha256:00"},
        {"digest": "sha256:00"},
    ],
    ids=lambda narrowed: next(iter(narrowed)),
)
def test_an_exception_hides_no_more_than_it_says(source, target, narrowed):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=source,
        vulnerability="CVE-2026-1",
        reason="elsewhere",
        **narrowed,
    )
    assert not Promotion.objects.exists()


def test_an_exception_of_another_tenant_hides_nothing_here(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    owner = make_user()
    other = make_organization(name="other", owner=owner)
    exceptions.hide(
        actor=Actor(owner),
        scope=other.namespace,
        vulnerability="CVE-2026-1",
        reason="ours",
    )
    assert not Promotion.objects.exists()


def test_hiding_needs_an_admin_a_reason_and_a_time_to_come(source):
    owner = make_user()
    own = make_repository(name=f"{owner.username}/own")
    with pytest.raises((Http404, PermissionDenied)):
        exceptions.hide(
            actor=Actor(owner), scope=source, vulnerability="CVE-1", reason="mine"
        )
    past = timezone.now() - timedelta(minutes=1)
    for values in ({"reason": " "}, {"reason": "ok", "expires_at": past}):
        with pytest.raises(ValidationError):
            exceptions.hide(
                actor=Actor(owner), scope=own, vulnerability="CVE-1", **values
            )
    assert not VulnerabilityException.objects.exists()


def test_only_exceptions_of_the_targets_admins_count_where_the_policy_says_so(
    source, target
):
    make_policy(
        source=source, target=target, rules=[NO_CRITICAL], exceptions_of="target"
    )
    tag = push(source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    owner = source.namespace.organization.primary_owner
    values = {"scope": source, "vulnerability": "CVE-2026-1", "reason": "trust me"}
    exceptions.hide(actor=Actor(owner), **values)
    assert not Promotion.objects.exists()
    exceptions.hide(actor=Actor(make_user(is_superuser=True)), **values)
    assert Promotion.objects.exists()


def test_a_report_for_another_repository_does_not_count(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL], origins=["ci"])
    tag = push(source)
    other = make_repository(name="other/website")
    make_scan(manifest=tag.manifest, origin="ci", trusted_repository=other)
    assert Decision.objects.get().verdict == Decision.Verdict.WAITING
    make_scan(manifest=tag.manifest, origin="ci", trusted_repository=source)
    assert Promotion.objects.exists()


def test_a_report_counts_only_for_policies_that_name_its_origin(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    make_scan(manifest=tag.manifest, origin="ci", trusted_repository=source)
    assert Decision.objects.get().verdict == Decision.Verdict.WAITING


def test_a_scan_that_saw_no_vulnerability_data_proves_nothing(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    gap = {"reason": "no advisories for Gentoo are known", "unscannable": True}
    make_scan(
        manifest=tag.manifest, coverage={"components": {}, "vulnerabilities": gap}
    )
    decision = Decision.objects.get()
    assert decision.verdict == Decision.Verdict.WAITING
    assert "no advisories for Gentoo" in decision.outcomes[0]["sentence"]


def test_what_cannot_be_scanned_is_allowed_only_by_choice(source, target):
    make_policy(
        source=source, target=target, rules=[NO_CRITICAL], allow_unscannable=True
    )
    tag = push(source)
    gap = {"reason": "the image has no package list", "unscannable": True}
    make_scan(manifest=tag.manifest, coverage={"vulnerabilities": gap})
    assert Promotion.objects.exists()


def test_vulnerability_data_that_is_too_old_is_no_evidence(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    long_ago = timezone.now() - timedelta(days=8)
    make_scan(manifest=tag.manifest, advisories_at=long_ago)
    assert "older than 7 days" in Decision.objects.get().outcomes[0]["sentence"]


def test_a_rule_that_fails_needs_no_scan(source, target):
    stable = {"field": "tag", "operator": "ew", "values": ["-stable"]}
    make_policy(source=source, target=target, rules=[NO_CRITICAL, stable])
    push(source, name="1.0-beta")
    assert not Decision.objects.exists()


def test_a_scan_that_is_matched_meanwhile_is_read_again(source, target, monkeypatch):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = make_tag(repository=source)
    scan = make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})

    def matched_after_it_was_chosen(*args):
        chosen = choose(*args)
        # The advisories are gone: no finding is left, and that is said.
        Finding.objects.all().delete()
        gone = {"vulnerabilities": {"reason": "no advisories are loaded"}}
        Scan.objects.filter(pk=scan.pk).update(coverage=gone, revision=1)
        return chosen

    monkeypatch.setattr(gathering, "choose", matched_after_it_was_chosen)
    evaluate.evaluate_move(move_id=tag.current_move.pk)
    assert not Promotion.objects.exists()
    assert "no advisories are loaded" in sentences(tag)


def test_licenses_are_read_from_the_scan(source, target):
    make_policy(source=source, target=target, rules=[NO_AGPL])
    bad, good = push(source, name="bad"), push(source, name="good")
    make_scan(manifest=bad.manifest, components={"a": "MIT", "b": "AGPL-3.0"})
    make_scan(manifest=good.manifest, components={"a": "MIT OR AGPL-3.0"})
    assert [row.source_tag for row in Promotion.objects.all()] == ["good"]


def test_an_index_waits_for_every_platform(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    index = make_index(
        repository=source, platforms=("linux/amd64", "linux/arm64", "unknown/unknown")
    )
    children = {
        row.child.os + row.child.architecture: row.child for row in below(index)
    }
    push(source, manifest=index)
    make_scan(manifest=children["linuxamd64"])
    decision = Decision.objects.get()
    assert decision.verdict == Decision.Verdict.WAITING
    assert "linux/arm64" in decision.outcomes[0]["sentence"]
    make_scan(manifest=children["linuxarm64"])
    assert Promotion.objects.get().manifest == index


@pytest.mark.parametrize(
    "disguise", [{"os": "unknown", "architecture": "unknown"}, {"subject_digest": "x"}]
)
def test_an_image_of_an_index_cannot_pass_for_an_attestation(source, target, disguise):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    good, bad = (row.child for row in below(index))
    # Another index, of anybody, may have said so first; a subject the image says.
    Manifest.objects.filter(pk=bad.pk).update(**disguise)
    tag = push(source, manifest=index)
    make_scan(manifest=good)
    assert Decision.objects.get().verdict == Decision.Verdict.WAITING
    make_scan(manifest=bad, vulnerabilities={"CVE-2026-1": 9.8})
    assert not Promotion.objects.exists()
    assert "CVE-2026-1" in sentences(tag)


def test_one_bad_platform_holds_the_whole_index_back(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    tag = push(source, manifest=index)
    good, bad = (row.child for row in below(index))
    make_scan(manifest=good)
    make_scan(manifest=bad, vulnerabilities={"CVE-2026-1": 9.8})
    assert not Promotion.objects.exists()
    assert bad.platform in sentences(tag)


def below(index: Manifest) -> list[IndexChild]:
    return list(IndexChild.objects.filter(index=index).select_related("child"))


def test_a_soak_time_ends_by_itself(source, target):
    soak = {"field": "updated_at_duration", "operator": "bf", "values": ["24h"]}
    make_policy(source=source, target=target, rules=[soak])
    tag = push(source)
    decision = Decision.objects.get()
    assert decision.verdict == Decision.Verdict.WAITING
    assert decision.reevaluate_at == tag.current_move.moved_at + timedelta(hours=24)
    tasks.sweep_decisions()
    assert not Promotion.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.sweep_decisions()
    assert Promotion.objects.get().tag_move == tag.current_move


def test_a_lost_message_about_newer_advisories_is_found_likewise(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    old = timezone.now() - timedelta(days=30)
    scan = make_scan(manifest=tag.manifest, finished_at=old)
    assert reevaluate.overlooked_moves(limit=10) == []
    now = timezone.now()
    type(scan).objects.filter(pk=scan.pk).update(matched_at=now, advisories_at=now)
    assert reevaluate.overlooked_moves(limit=10) == [tag.current_move.pk]
    tasks.sweep_decisions()
    assert Promotion.objects.exists()
    assert reevaluate.overlooked_moves(limit=10) == []


def test_a_scan_whose_message_was_lost_is_found_by_the_sweeper(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    scan = make_scan(manifest=tag.manifest, origin="ci", trusted_repository=source)
    type(scan).objects.filter(pk=scan.pk).update(
        trusted_repository=None, finished_at=timezone.now()
    )
    assert reevaluate.overlooked_moves(limit=10) == [tag.current_move.pk]
    tasks.sweep_decisions()
    assert Promotion.objects.exists()
    assert reevaluate.overlooked_moves(limit=10) == []


def test_labels_of_the_image_decide(source, target):
    label = {"field": "label", "operator": "eq", "values": ["tier=gold"]}
    make_policy(source=source, target=target, rules=[label])
    tag = make_tag(repository=source)
    tag.manifest.labels = {"tier": "gold"}
    tag.manifest.save()
    evaluate.evaluate_move(
        move_id=tag.current_move.pk, trigger=Evaluation.Trigger.EVIDENCE
    )
    assert Promotion.objects.exists()


def test_compaction_keeps_what_promotions_rest_on_and_what_waits(source, target):
    make_policy(source=source, target=target)
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = push(source)
    Evaluation.objects.create(tag_move=tag.current_move, evidence_version="")
    promoted = Promotion.objects.get()
    assert promoted.decision is not None
    before = Decision.objects.count()
    loose = Decision.objects.create(
        evaluation=Evaluation.objects.create(
            tag_move=tag.current_move, evidence_version="old"
        ),
        policy_version=promoted.decision.policy_version,
        tag_move=tag.current_move,
        evidence_version="old",
        verdict="matched",
    )
    Evaluation.objects.create(tag_move=tag.current_move, evidence_version="")
    assert reevaluate.compact() == 0
    with time_machine.travel(timezone.now() + timedelta(days=100)):
        assert reevaluate.compact() > 0
    assert Decision.objects.count() == before
    assert not Decision.objects.filter(pk=loose.pk).exists()
    assert Evaluation.objects.filter(tag_move=tag.current_move).count() == 2
    assert Promotion.objects.get().decision == promoted.decision
