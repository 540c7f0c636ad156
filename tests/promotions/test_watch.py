"""What was promoted is looked at again: what is new is told once, where it is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import Actor
from accounts.models import AuditEvent
from promotions import tasks
from promotions.models import Decision, Promotion, Watch
from promotions.services import watch
from promotions.services.watch import reviewing
from repositories.models import IndexChild, RepositoryManifest, Scan
from repositories.services import exceptions
from tests.factories import (
    make_index,
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    make_user,
    tag_rule,
)
from tests.promoted import arrive, promote, promote_by_hand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.models import Manifest, Repository, Tag

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
FRESH = {"field": "updated_at_duration", "operator": "af", "values": ["1h"]}


@pytest.fixture(autouse=True)
def _messages_arrive(monkeypatch):
    """Let every task run at once that reviews, and no other."""
    for name in ("evaluate_move", "reevaluate_move", "reevaluate_image"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda _key: None)
    monkeypatch.setattr(tasks.reevaluate_exception, "delay", lambda _key: None)
    for name in ("review_promoted", "review_exception", "review_after"):
        monkeypatch.setattr(getattr(tasks, name), "delay", getattr(tasks, name))
    monkeypatch.setattr("repositories.tasks.transaction.on_commit", lambda send: send())


@pytest.fixture
def promotion(source, target) -> Promotion:
    """`dev/website:1.0` was clean when it was promoted, as the policy wants."""
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = make_tag(repository=source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-4": 5.0})
    (promotion,) = promote(tag, target)
    tasks.watch_promotion(promotion.pk)
    return promotion


def rescan(
    manifest: Manifest, vulnerabilities: Mapping[str, float | None], **values: Any
) -> Scan:
    """Scan again; what was current is not any more."""
    origin = values.get("origin", "built-in")
    current = Scan.objects.filter(manifest=manifest, origin=origin, is_current=True)
    current.update(is_current=False)
    return make_scan(manifest=manifest, vulnerabilities=vulnerabilities, **values)


def events(action: str) -> list[dict[str, Any]]:
    rows = AuditEvent.objects.filter(action=action).order_by("id")
    return [row.after for row in rows]


def watched(promotion: Promotion) -> Watch:
    return Watch.objects.get(promotion=promotion)


def test_what_is_known_at_the_promotion_is_no_news(promotion):
    row = watched(promotion)
    assert (row.known, row.failing_since) == (["CVE-2026-4"], None)
    assert row.reviewed_at is not None
    assert not events("VULNERABILITY_FOUND")


def test_it_fails_once_a_scan_finds_a_critical_vulnerability(promotion, target):
    rescan(promotion.manifest, {"CVE-2026-4": 5.0, "CVE-2026-9": 9.8})
    row = watched(promotion)
    assert row.failing_since is not None
    assert "CVE-2026-9" in row.outcomes[0]["sentence"]
    where = {"tag": "1.0", "digest": promotion.manifest.digest}
    assert events("VULNERABILITY_FOUND") == [
        where
        | {
            "vulnerabilities": ["CVE-2026-9"],
            "count": 1,
            "found_by": ["built-in scanner"],
        }
    ]
    assert events("POLICY_NOT_MET") == [where | {"fails": row.told}]
    told = AuditEvent.objects.filter(action="POLICY_NOT_MET").get()
    assert told.object_uuid == target.uuid
    assert told.namespace_uuid == target.namespace.uuid


def test_news_is_told_once(promotion):
    found = {"CVE-2026-9": 9.8}
    rescan(promotion.manifest, found)
    since = watched(promotion).failing_since
    for _ in range(2):
        watch.review(manifest_id=promotion.manifest_id)
    rescan(promotion.manifest, {})
    rescan(promotion.manifest, found)
    assert len(events("VULNERABILITY_FOUND")) == 1
    assert len(events("POLICY_NOT_MET")) == 2
    assert watched(promotion).failing_since != since


def test_another_name_of_the_same_vulnerability_is_no_news(promotion):
    scan = rescan(promotion.manifest, {})
    make = make_scan(manifest=make_manifest(repository=promotion.source_repository))
    finding = make_scan(
        manifest=make.manifest, origin="other", vulnerabilities={"GHSA-1": 5.0}
    ).findings.get()
    finding.pk, finding.scan, finding.aliases = None, scan, ["CVE-2026-4"]
    finding.save()
    watch.review(manifest_id=promotion.manifest_id)
    assert not events("VULNERABILITY_FOUND")


def test_who_reviews_at_the_same_time_tells_it_once(promotion, monkeypatch):
    """Another worker writes the row between our reading and our writing."""
    inner, tells = reviewing._look_at, list[int]()

    def look(watches: Any, promotions: Any) -> Any:
        if not tells:
            tells.append(1)
            watch.review(manifest_id=promotion.manifest_id)
        return inner(watches, promotions)

    monkeypatch.setattr(reviewing, "_look_at", look)
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    assert tells
    assert len(events("VULNERABILITY_FOUND")) == 1
    assert len(events("POLICY_NOT_MET")) == 1


def test_what_was_read_earlier_does_not_replace_what_was_read_later(
    promotion, monkeypatch
):
    """Our evidence was read before a scan that another worker looked at already."""
    inner, found = reviewing._look_at, list[int]()

    def look(watches: Any, promotions: Any) -> Any:
        seen = inner(watches, promotions)
        if not found:
            found.append(1)
            rescan(promotion.manifest, {})
        return seen

    monkeypatch.setattr(reviewing, "_look_at", look)
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is None


def test_it_heals_when_a_scan_finds_it_clean(promotion):
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    rescan(promotion.manifest, {})
    row = watched(promotion)
    assert (row.failing_since, row.outcomes, row.told) == (None, [], [])


def test_it_heals_when_the_source_hides_it_and_fails_when_it_is_shown(
    promotion, source
):
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    actor = Actor(make_user(is_superuser=True))
    hidden = exceptions.hide(
        actor=actor, scope=source, vulnerability="CVE-2026-9", reason="not reachable"
    )
    assert watched(promotion).failing_since is None
    exceptions.unhide(actor=actor, exception=hidden)
    assert watched(promotion).failing_since is not None


def test_it_fails_when_an_exception_runs_out(promotion, source, monkeypatch):
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=source.namespace,
        vulnerability="CVE-2026-9",
        reason="for an hour",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is None
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        tasks.sweep_decisions()
    assert watched(promotion).failing_since is not None


def test_an_exception_of_the_target_changes_nothing(promotion, target):
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=target,
        vulnerability="CVE-2026-9",
        reason="ours",
    )
    assert watched(promotion).failing_since is not None


@pytest.mark.parametrize(
    "values",
    [
        {"coverage": {"vulnerabilities": {"reason": "no advisories for Gentoo"}}},
        {"advisories_at": timezone.now() - timedelta(days=8)},
    ],
    ids=["not covered", "too old"],
)
def test_what_is_not_known_is_no_failure(promotion, values):
    rescan(promotion.manifest, {"CVE-2026-9": 9.8}, **values)
    assert watched(promotion).failing_since is None


def test_that_time_passed_is_no_failure(source, target):
    make_policy(source=source, target=target, rules=[FRESH, NO_CRITICAL])
    tag = make_tag(repository=source)
    make_scan(manifest=tag.manifest)
    (promotion,) = promote(tag, target)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        watch.review(manifest_id=promotion.manifest_id)
    assert watched(promotion).failing_since is None


def test_only_the_tenant_whose_policy_wants_it_has_a_failure(promotion):
    """Two tenants hold the same digest; the other's policy asks for nothing."""
    source, target = make_repository(name="a/app"), make_repository(name="b/app")
    make_policy(source=source, target=target)
    make_manifest(repository=source)
    tag = make_tag(repository=source, manifest=promotion.manifest)
    (other,) = promote(tag, target)
    tasks.watch_promotion(other.pk)
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is not None
    assert watched(other).failing_since is None
    namespaces = AuditEvent.objects.filter(action="VULNERABILITY_FOUND")
    assert set(namespaces.values_list("namespace_uuid", flat=True)) == {
        target.namespace.uuid,
        promotion.target_repository.namespace.uuid,
    }


def test_what_a_report_for_the_source_lists_is_not_told_to_the_target(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL], origins=["ci"])
    tag = make_tag(repository=source)
    make_scan(manifest=tag.manifest, origin="ci", trusted_repository=source)
    (promotion,) = promote(tag, target)
    tasks.watch_promotion(promotion.pk)
    own = {"origin": "ci", "trusted_repository": source, "source": "dev's own"}
    rescan(tag.manifest, {"CVE-2026-9": 9.8}, **own)
    row = watched(promotion)
    assert "CVE-2026-9" in row.outcomes[0]["sentence"]
    assert row.told == ["wanted: critical vulnerabilities ≤ 0"]
    assert not events("VULNERABILITY_FOUND")
    assert events("POLICY_NOT_MET")[0]["fails"] == row.told


def test_what_the_source_hid_is_not_told_to_the_target(promotion, source):
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=source,
        vulnerability="CVE-2026-8",
        reason="a secret of dev",
    )
    rescan(promotion.manifest, {"CVE-2026-8": 9.0, "CVE-2026-9": 9.8})
    row = watched(promotion)
    assert "1 hidden does not count" in row.outcomes[0]["sentence"]
    assert "CVE-2026-8" in row.told[0]
    assert "hidden" not in row.told[0]


def test_what_the_tag_of_the_source_was_is_not_told_to_the_target(source, target):
    group = {"any": [tag_rule("eq", "never"), NO_CRITICAL]}
    make_policy(source=source, target=target, rules=[group])
    tag = make_tag(repository=source, name="secret-1.0")
    make_scan(manifest=tag.manifest)
    promotion = arrive_as(tag, target, "r1")
    rescan(tag.manifest, {"CVE-2026-9": 9.8})
    row = watched(promotion)
    assert "secret-1.0" in row.outcomes[0]["sentence"]
    assert "secret-1.0" not in row.told[0]
    assert "critical vulnerabilities" in row.told[0]


def arrive_as(tag: Tag, target: Repository, name: str) -> Promotion:
    """Promote under another tag than the source's."""
    (promotion,) = promote(tag, target)
    arrive(promotion, target, name)
    watch.review_one(promotion_id=promotion.pk)
    return promotion


def test_what_was_promoted_by_hand_is_watched_for_vulnerabilities(source, target):
    tag = make_tag(repository=source)
    promotion = promote_by_hand(tag, target, make_user())
    tasks.watch_promotion(promotion.pk)
    rescan(tag.manifest, {"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is None
    assert events("VULNERABILITY_FOUND")[0]["vulnerabilities"] == ["CVE-2026-9"]
    assert not events("POLICY_NOT_MET")


def test_a_tag_that_moved_on_is_watched_no_more(promotion, target):
    rescan(promotion.manifest, {"CVE-2026-9": 9.8})
    assert Watch.objects.failing().exists()
    make_tag(repository=target, name="1.0")
    assert not Watch.objects.failing().exists()
    watch.review(manifest_id=promotion.manifest_id)
    assert not Watch.objects.exists()


def test_one_platform_of_an_index_is_enough_to_fail(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    children = [
        row.child
        for row in IndexChild.objects.filter(index=index).select_related("child")
    ]
    tag = make_tag(repository=source, manifest=index)
    for child in children:
        make_scan(manifest=child)
    (promotion,) = promote(tag, target)
    rescan(children[1], {"CVE-2026-9": 9.8})
    assert "linux/arm64" in watched(promotion).told[0]


def test_what_the_source_cleaned_away_is_looked_at_in_the_target(source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    tag = make_tag(repository=source, manifest=index)
    children = [row.child for row in IndexChild.objects.filter(index=index)]
    for child in children:
        make_scan(manifest=child)
    (promotion,) = promote(tag, target)
    RepositoryManifest.objects.filter(repository=source).update(gone_at=timezone.now())
    rescan(children[0], {"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is not None


def test_what_a_lost_message_left_is_found_at_night(promotion, target, monkeypatch):
    other = make_tag(repository=promotion.source_repository, name="2.0")
    make_scan(manifest=other.manifest)
    (second,) = promote(other, target)
    Scan.objects.filter(manifest=promotion.manifest).update(is_current=False)
    monkeypatch.setattr(tasks.review_promoted, "delay", lambda _key: None)
    make_scan(manifest=promotion.manifest, vulnerabilities={"CVE-2026-9": 9.8})
    assert watched(promotion).failing_since is None
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        tasks.review_all()
    assert watched(promotion).failing_since is not None
    assert watched(second).reviewed_at is not None


def test_all_are_looked_at_in_batches(promotion, target, source, monkeypatch):
    for name in ("2.0", "3.0", "4.0"):
        tag = make_tag(repository=source, name=name)
        make_scan(manifest=tag.manifest)
        promote(tag, target)
    monkeypatch.setattr(tasks, "REVIEW_BATCH", 2)
    make_tag(repository=target, name="1.0")
    Watch.objects.exclude(promotion=promotion).delete()
    tasks.review_all()
    rows = Watch.objects.filter(reviewed_at__isnull=False)
    found = rows.values_list("promotion__source_tag", flat=True)
    assert sorted(found) == ["2.0", "3.0", "4.0"]


def test_many_policies_cost_as_many_queries_as_one(promotion, source):
    with CaptureQueriesContext(connection) as one:
        watch.review(manifest_id=promotion.manifest_id)
    move = promotion.tag_move
    for number in range(5):
        target = make_repository(name=f"qa{number}/website")
        policy = make_policy(source=source, target=target, rules=[NO_CRITICAL])
        made = Promotion.objects.create(
            policy=policy,
            policy_version=policy.current_version,
            idempotency_key=str(number),
            decision=Decision.objects.get(),
            source_repository=source,
            source_tag=promotion.source_tag,
            tag_move=move,
            root_move=move,
            manifest=promotion.manifest,
            target_namespace=target.namespace,
            target_name=target.name,
        )
        arrive(made, target, "1.0")
    watch.review(manifest_id=promotion.manifest_id)
    with CaptureQueriesContext(connection) as six:
        watch.review(manifest_id=promotion.manifest_id)
    assert Watch.objects.count() == 6
    assert len(six) == len(one)
