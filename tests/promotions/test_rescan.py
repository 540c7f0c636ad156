"""Which images are scanned anew: promoted ones that grew old, and what waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone

from promotions import tasks
from promotions.models import Decision, Evaluation
from promotions.services import rescan, watch
from promotions.services.evaluate import evaluate_move
from repositories.models import IndexChild, Scan, Scanner, TagMove
from tests.factories import (
    make_index,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
)
from tests.promoted import promote

if TYPE_CHECKING:
    from datetime import datetime

    from repositories.models import Manifest, Repository

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
DAY = timedelta(days=1)
AGAIN = Evaluation.Trigger.EVIDENCE


@pytest.fixture(autouse=True)
def scanner(db) -> Scanner:
    """The only scanner: `Scanner` rows that a migration made do not matter here."""
    Scanner.objects.all().delete()
    return Scanner.objects.create(name="built-in", kind=Scanner.Kind.BUILT_IN)


@pytest.fixture(autouse=True)
def _hands_scan(db, monkeypatch):
    """Nothing is scanned because it is pushed."""
    monkeypatch.setattr("repositories.services.tags._scan", lambda *_args: None)


def scanned(manifest: Manifest, at: datetime, **values: Any) -> Scan:
    """A scan of the past, current until now."""
    values.setdefault("scanner", Scanner.objects.get())
    scan = make_scan(manifest=manifest, finished_at=at, **values)
    Scan.objects.filter(pk=scan.pk).update(created_at=at)
    return scan


def promoted(source: Repository, target: Repository, name: str, age: timedelta) -> str:
    """Promote an image whose scan is so old; return its digest."""
    tag = make_tag(repository=source, name=name)
    scanned(tag.manifest, timezone.now() - age)
    (promotion,) = promote(tag, target)
    watch.review_one(promotion_id=promotion.pk)
    return tag.manifest.digest


def queued() -> list[str]:
    rows = Scan.objects.open().order_by("id")
    return [scan.manifest.digest for scan in rows.select_related("manifest")]


def test_only_promoted_images_whose_scan_is_old_are_scanned(source, target):
    make_policy(source=source, target=target)
    old = promoted(source, target, "old", 1.5 * DAY)
    promoted(source, target, "new", DAY / 2)
    left = make_tag(repository=target, name="pushed")
    scanned(left.manifest, timezone.now() - 2 * DAY)
    assert rescan.rescan_promoted() == 1
    (scan,) = Scan.objects.open().select_related("manifest", "repository__namespace")
    assert (scan.manifest.digest, scan.trigger) == (old, Scan.Trigger.SCHEDULE)
    assert scan.repository == target


def test_what_nobody_scanned_is_left_to_people(source, target):
    make_policy(source=source, target=target)
    tag = make_tag(repository=source)
    (promotion,) = promote(tag, target)
    watch.review_one(promotion_id=promotion.pk)
    assert rescan.rescan_promoted() == 0


def test_nothing_is_queued_twice_however_often_it_is_asked(source, target):
    make_policy(source=source, target=target)
    promoted(source, target, "old", 2 * DAY)
    assert [rescan.rescan_promoted() for _ in range(2)] == [1, 0]
    Scan.objects.open().update(
        state=Scan.State.FAILED, finished_at=timezone.now(), error="broken"
    )
    assert rescan.rescan_promoted() == 0
    with time_machine.travel(timezone.now() + 1.1 * DAY):
        assert rescan.rescan_promoted() == 1


def test_each_platform_of_an_index_grows_old(source, target):
    make_policy(source=source, target=target)
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    children = [row.child for row in IndexChild.objects.filter(index=index)]
    for child, age in zip(children, (DAY / 2, 2 * DAY), strict=True):
        scanned(child, timezone.now() - age)
    (promotion,) = promote(make_tag(repository=source, manifest=index), target)
    watch.review_one(promotion_id=promotion.pk)
    assert rescan.rescan_promoted() == 1
    assert rescan.rescan_promoted() == 0


def test_many_tags_are_looked_at_in_batches(source, target, monkeypatch):
    make_policy(source=source, target=target)
    monkeypatch.setattr(rescan, "BATCH", 2)
    found = [promoted(source, target, f"{n}.0", 2 * DAY) for n in range(5)]
    assert rescan.rescan_promoted() == 5
    assert sorted(queued()) == sorted(found)


def test_the_setting_switches_it_off(source, target, settings):
    settings.RESCAN_PERIOD = 0
    make_policy(source=source, target=target)
    promoted(source, target, "old", 2 * DAY)
    assert rescan.rescan_promoted() == 0


@pytest.fixture
def waiting(source, target) -> TagMove:
    """A push that waits: its scan is nine days old."""
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = make_tag(repository=source)
    scanned(tag.manifest, timezone.now() - 9 * DAY)
    evaluate_move(move_id=tag.current_move.pk)
    assert Decision.objects.get().verdict == Decision.Verdict.WAITING
    return tag.current_move


def test_evidence_that_is_too_old_starts_one_scan(waiting, source):
    tasks.rescan_stale()
    scan = Scan.objects.open().get()
    assert (scan.trigger, scan.repository) == (Scan.Trigger.EVIDENCE, source)
    assert scan.manifest == waiting.to_manifest
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert rescan.rescan_stale(limit=10) == 0
    assert Scan.objects.open().count() == 1


def test_a_scan_that_brings_nothing_newer_is_tried_again_after_hours(waiting):
    assert rescan.rescan_stale(limit=10) == 1
    Scan.objects.filter(is_current=True).update(is_current=False)
    Scan.objects.open().update(
        state=Scan.State.COMPLETED,
        is_current=True,
        coverage={"vulnerabilities": {}},
        finished_at=timezone.now(),
        advisories_at=timezone.now() - 30 * DAY,
    )
    for hours in (0.1, 5.5):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            evaluate_move(move_id=waiting.pk, trigger=AGAIN)
            assert rescan.rescan_stale(limit=10) == 0
    with time_machine.travel(timezone.now() + timedelta(hours=12)):
        assert rescan.rescan_stale(limit=10) == 1


def test_two_policies_that_wait_start_one_scan(waiting, source):
    target = make_repository(name="qa/other")
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    evaluate_move(move_id=waiting.pk)
    assert Decision.objects.filter(rescan_at__isnull=False).count() == 2
    assert rescan.rescan_stale(limit=10) == 1
    assert Scan.objects.open().count() == 1


def test_what_waits_for_anything_else_starts_none(source, target):
    soak = {"field": "updated_at_duration", "operator": "bf", "values": ["24h"]}
    make_policy(source=source, target=target, rules=[NO_CRITICAL, soak])
    never = make_tag(repository=source, name="never-scanned")
    young = make_tag(repository=source, name="scanned")
    make_scan(manifest=young.manifest)
    for tag in (never, young):
        evaluate_move(move_id=tag.current_move.pk)
    assert Decision.objects.filter(verdict="waiting").count() == 2
    assert rescan.rescan_stale(limit=10) == 0


def test_a_scan_that_is_fresh_answers_in_the_place_of_an_old_one(waiting):
    make_scan(manifest=waiting.to_manifest, origin="trivy")
    evaluate_move(move_id=waiting.pk, trigger=AGAIN)
    assert not Decision.objects.filter(rescan_at__isnull=False).exists()
