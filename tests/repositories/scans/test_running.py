"""The life of a scan: leases, attempts, deadlines, adapters that are not ready."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from repositories.models import Scan, Scanner
from repositories.scanning.report import FoundComponent, Kind, Report
from repositories.services.scans import backends, requesting, running
from repositories.services.scans.job import NotReady, ScanFailed
from repositories.signals import scan_completed
from tests.factories import make_manifest, make_repository

pytestmark = pytest.mark.django_db

REPORT = Report(
    "a scanner 1.0",
    components=(FoundComponent("pkg:deb/debian/bash@5"),),
    coverage={Kind.COMPONENTS: None},
)


@pytest.fixture
def scan():
    repository = make_repository(name="dev/website")
    image = make_manifest(repository=repository)
    (made,) = requesting.want(
        repository=repository, manifest=image, trigger=Scan.Trigger.PUSH
    )
    return made


@pytest.fixture
def answers(monkeypatch):
    """What the scanner does, one after the other; an exception is raised."""
    script: list[Any] = []

    def scanner(job):
        answer = script.pop(0)
        if callable(answer):
            answer = answer(job)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(backends, "_BACKENDS", {Scanner.Kind.BUILT_IN: scanner})
    return script


def state_of(scan):
    scan.refresh_from_db()
    return scan.state


def be_due(scan):
    past = timezone.now() - timedelta(seconds=1)
    Scan.objects.filter(pk=scan.pk).update(due_at=past, leased_until=past)


def test_a_scan_completes_and_policies_hear_of_it(scan, answers):
    heard = []
    scan_completed.connect(lambda **news: heard.append(news["manifest_id"]), weak=False)
    answers.append(REPORT)

    assert running.run(scan_id=scan.pk) is None

    assert state_of(scan) == "completed"
    assert (scan.is_current, scan.component_count) == (True, 1)
    assert scan.coverage == {"components": {}}
    assert heard == [scan.manifest_id]


def test_a_scan_that_ended_does_not_run_again(scan, answers):
    answers.append(REPORT)
    running.run(scan_id=scan.pk)

    assert running.run(scan_id=scan.pk) is None


def test_a_temporary_failure_is_tried_again_later(scan, answers):
    answers.extend([ScanFailed("Away.", temporary=True), REPORT])

    running.run(scan_id=scan.pk)
    assert state_of(scan) == "queued"
    assert (scan.error, scan.due_at > timezone.now()) == ("Away.", True)

    be_due(scan)
    running.run(scan_id=scan.pk)
    assert state_of(scan) == "completed"
    assert scan.error == ""


def test_a_failure_does_not_tell_through_whom_the_image_was_read(
    scan, answers, settings
):
    settings.REGISTRY_URL = "http://10.1.2.3:5000"
    settings.SCANNER_REGISTRY_URL = "http://registry.internal"
    said = "It failed: 10.1.2.3:5000/dev/website: registry.internal says EOF"
    answers.append(ScanFailed(said))

    running.run(scan_id=scan.pk)

    assert state_of(scan) == "failed"
    assert scan.error == "It failed: the registry/…: the registry says EOF"


def test_it_fails_after_some_attempts(scan, answers, settings):
    settings.SCAN_ATTEMPTS = 2
    answers.extend([ScanFailed("Away.", temporary=True)] * 2)
    for _ in range(2):
        running.run(scan_id=scan.pk)
        be_due(scan)

    assert state_of(scan) == "failed"
    assert (scan.error, scan.finished_at is not None) == ("Away.", True)


def test_a_permanent_failure_is_not_tried_again(scan, answers):
    answers.append(ScanFailed("This is no image."))

    running.run(scan_id=scan.pk)

    assert (state_of(scan), scan.error) == ("failed", "This is no image.")


def test_what_kills_its_workers_is_given_up(scan, answers, settings):
    settings.SCAN_ATTEMPTS = 2
    for _ in range(3):
        answers.append(KeyError("the worker dies"))
        be_due(scan)
        if _ < 2:
            with pytest.raises(KeyError):
                running.run(scan_id=scan.pk)
    running.run(scan_id=scan.pk)

    assert state_of(scan) == "failed"
    assert scan.error == "Every worker that took the scan died of it."


def test_an_adapter_is_asked_again_under_its_own_id(scan, answers):
    seen = []

    def still_working(job):
        seen.append(job.scan.remote_id)
        return NotReady("its-id", 600)

    answers.extend(
        [
            NotReady("its-id", 7),
            still_working,
            REPORT,
        ]
    )

    assert running.run(scan_id=scan.pk) == 7
    assert running.run(scan_id=scan.pk) is None  # not due yet
    be_due(scan)
    assert running.run(scan_id=scan.pk) == running.MAX_POLL_SECONDS
    be_due(scan)
    assert running.run(scan_id=scan.pk) is None

    assert seen == ["its-id"]
    assert (state_of(scan), scan.attempts) == ("completed", 1)


def test_it_fails_at_its_deadline(scan, answers, settings):
    answers.extend([NotReady("its-id", 5), REPORT])
    running.run(scan_id=scan.pk)
    began = timezone.now() - timedelta(seconds=settings.SCAN_DEADLINE + 1)
    Scan.objects.filter(pk=scan.pk).update(started_at=began)
    be_due(scan)

    running.run(scan_id=scan.pk)

    assert state_of(scan) == "failed"
    assert scan.error == "The scan did not end within 30 minutes."


def test_the_lease_is_renewed_while_very_much_is_written(scan, answers, settings):
    """A report may take longer to write than a lease lasts."""
    settings.LEASE_SECONDS = 0  # so that every call renews it
    listed = (FoundComponent(f"pkg:npm/package-{n}@1") for n in range(1_200))
    answers.append(replace(REPORT, components=tuple(listed)))
    with CaptureQueriesContext(connection) as queries:
        running.run(scan_id=scan.pk)

    renewals = [
        one["sql"]
        for one in queries
        if one["sql"].startswith('UPDATE "repositories_scan" SET "leased_until"')
    ]
    assert state_of(scan) == "completed"
    assert len(renewals) >= 1 + 3  # before the scan, and with each 500 components


def test_two_workers_never_have_the_same_scan(scan, answers):
    def another_worker(_job):
        running.run(scan_id=scan.pk)
        return REPORT

    answers.append(another_worker)

    running.run(scan_id=scan.pk)

    assert (state_of(scan), scan.attempts, answers) == ("completed", 1, [])


def test_a_worker_that_lost_its_lease_writes_nothing(scan, answers):
    def taken_away(_job):
        Scan.objects.filter(pk=scan.pk).update(lease_token=None)
        return REPORT

    answers.append(taken_away)

    running.run(scan_id=scan.pk)

    assert (state_of(scan), scan.contents.count()) == ("running", 0)
    assert not scan.is_current


def test_the_result_before_stays_until_the_new_one_is_there(scan, answers):
    answers.extend([REPORT, ScanFailed("Broken.")])
    running.run(scan_id=scan.pk)
    (again,) = requesting.want(
        repository=scan.repository,
        manifest=scan.manifest,
        trigger=Scan.Trigger.MANUAL,
        again=True,
    )

    running.run(scan_id=again.pk)

    assert state_of(again) == "failed"
    assert state_of(scan) == "completed"
    assert scan.is_current


def test_a_scanner_that_was_switched_off_scans_no_more(scan, answers):
    Scanner.objects.update(is_enabled=False)

    running.run(scan_id=scan.pk)

    assert state_of(scan) == "failed"
    assert "switched off" in scan.error


def test_another_repository_is_read_when_the_first_lost_the_image(scan, answers):
    other = make_repository(name="qa/website")
    other.held_manifests.create(manifest=scan.manifest)
    scan.repository.held_manifests.update(gone_at=timezone.now())
    read = []

    def scanner(job):
        read.append(job.repository)
        return REPORT

    answers.append(scanner)

    running.run(scan_id=scan.pk)

    assert read == [other]


def test_without_a_repository_that_holds_it_the_scan_fails(scan, answers):
    scan.repository.held_manifests.update(gone_at=timezone.now())

    running.run(scan_id=scan.pk)

    assert state_of(scan) == "failed"
    assert "holds the image" in scan.error
