"""New advisories about what was scanned before: known at once, layers unread."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from repositories.models import AdvisoryLoad, Finding, Scan, Vulnerability
from repositories.services.advisories import load, loads, rematch, rematching
from repositories.services.advisories.knowledge import Knowledge
from repositories.tasks import rematch as rematch_task
from tests.factories import make_scan
from tests.repositories.advisories.conftest import DJANGO, LAYER, ZLIB
from tests.repositories.scanning.advisories.records import (
    VECTOR,
    before,
    record,
    write,
)

SEVERE = [{"type": "CVSS_V3", "score": VECTOR}]


@pytest.fixture
def brought(db, tmp_path):
    """Load one more record, and whatever came before it."""

    def bring(*args, **values):
        return load(path=write(tmp_path, record(*args, **values)), source="tests")

    return bring


def test_a_new_advisory_is_found_in_old_scans(scanned, brought, announced):
    brought("PYSEC-2026-1", *before("1.0"))
    scan, other = scanned(DJANGO), scanned("pkg:pypi/flask@1.0")
    announced.clear()
    brought("PYSEC-2026-2", *before("4.2"), aliases=["CVE-2026-1111"], severity=SEVERE)
    done = rematch()
    assert (done.scans, done.changed) == (2, 1)
    before_, scan = scan, Scan.objects.get(pk=scan.pk)
    assert (scan.revision, scan.critical_count, scan.vulnerability_count) == (1, 1, 1)
    assert scan.advisories_at > before_.advisories_at
    finding = scan.findings.get()
    assert finding.vulnerability.identifier == "CVE-2026-1111"
    assert (finding.fixed_version, finding.layer_digest) == ("4.2", LAYER)
    assert finding.aliases == ["PYSEC-2026-2"]
    assert finding.vulnerability.aliases.get().alias == "PYSEC-2026-2"
    assert announced == [scan.manifest]
    other.refresh_from_db()
    assert (other.revision, other.vulnerability_count) == (0, 0)
    assert other.advisories_at == scan.advisories_at


def test_findings_change_and_go_with_their_advisory(scanned, brought):
    brought("PYSEC-2026-1", *before("4.0"), aliases=["CVE-2026-1111"])
    brought("PYSEC-2026-3", *before("4.0"), aliases=["CVE-2026-3333"])
    scan = scanned(DJANGO)
    kept = scan.findings.get(vulnerability__identifier="CVE-2026-1111")
    later = {"modified": "2026-05-05T00:00:00Z", "severity": SEVERE}
    brought("PYSEC-2026-1", *before("4.2"), aliases=["CVE-2026-1111"], **later)
    brought("PYSEC-2026-3", *before("4.0"), withdrawn="2026-05-05T00:00:00Z", **later)
    rematch()
    changed = scan.findings.get()
    assert changed.pk == kept.pk
    assert (changed.fixed_version, changed.cvss3_score) == ("4.2", 9.8)
    scan.refresh_from_db()
    assert (scan.critical_count, scan.vulnerability_count) == (1, 1)


def test_the_first_advisories_of_an_ecosystem_complete_the_coverage(scanned, brought):
    brought("PYSEC-2026-1", *before("4.0"))
    scan = scanned(DJANGO, ZLIB)
    assert scan.coverage["vulnerabilities"]["reason"].startswith("no advisories for")
    brought("DSA-1-1", *before("1.0"), ecosystem="Debian:12", package="zlib")
    rematch()
    scan.refresh_from_db()
    assert (scan.coverage["vulnerabilities"], scan.revision) == ({}, 1)
    assert scan.coverage["components"] == {}
    AdvisoryLoad.objects.filter(ecosystem="Debian:12").update(
        records=0, changed_at=timezone.now(), loaded_at=timezone.now()
    )
    rematch()
    scan.refresh_from_db()
    assert scan.coverage["vulnerabilities"]["reason"].startswith("no advisories for")


def test_an_advisory_for_every_release_reaches_each(scanned, brought):
    brought("X-1", *before("1.0"), ecosystem="Debian:12", package="zlib")
    scan = scanned(ZLIB)
    brought("X-2", *before("9.0"), ecosystem="Debian", package="zlib")
    assert rematch().changed == 1
    assert scan.findings.get().vulnerability.identifier == "X-2"


def test_evidence_that_was_too_old_is_asked_about_again(scanned, brought, announced):
    brought("PYSEC-2026-1", *before("1.0"))
    old, fresh = scanned(DJANGO), scanned(DJANGO)
    week = timezone.now() - timedelta(days=8)
    Scan.objects.filter(pk=old.pk).update(advisories_at=week)
    announced.clear()
    brought("PYSEC-2026-1", *before("1.0"))
    assert rematch().changed == 0
    assert announced == [old.manifest]
    for scan in (old, fresh):
        scan.refresh_from_db()
        assert scan.revision == 0
        assert timezone.now() - scan.advisories_at < timedelta(minutes=1)


def test_what_is_matched_is_not_matched_again(scanned, brought):
    brought("PYSEC-2026-1", *before("4.0"))
    scanned(DJANGO)
    assert rematch().scans == 0
    brought("PYSEC-2026-2", *before("4.0"))
    assert rematch().scans == 1
    assert rematch().scans == 0
    assert rematch(everything=True).scans == 1


def test_whoever_runs_next_goes_on_where_another_ended(scanned, brought, monkeypatch):
    monkeypatch.setattr(rematching, "BATCH", 2)
    brought("PYSEC-2026-1", *before("1.0"))
    scans = [scanned(DJANGO) for _ in range(5)]
    brought("PYSEC-2026-2", *before("4.0"))
    assert rematch(most=2).changed == 2
    rematch_task()
    assert Finding.objects.count() == len(scans)
    assert set(Scan.objects.values_list("revision", flat=True)) == {1}


def test_news_of_a_load_that_died_is_not_lost(scanned, brought, monkeypatch):
    brought("PYSEC-2026-1", *before("1.0"))
    scan = scanned(DJANGO)

    def die(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(loads, "note", die)
    with pytest.raises(KeyboardInterrupt):
        brought("PYSEC-2026-2", *before("4.0"))
    assert rematch().changed == 1
    assert scan.findings.exists()


def test_a_scan_that_was_replaced_meanwhile_is_left_alone(
    scanned, brought, announced, monkeypatch
):
    brought("PYSEC-2026-1", *before("1.0"))
    scan, other = scanned(DJANGO), scanned(DJANGO)
    brought("PYSEC-2026-2", *before("4.0"))
    learn = Knowledge.learn

    def interrupted(self, packages):
        Scan.objects.filter(pk=scan.pk).update(is_current=False)
        Scan.objects.filter(pk=other.pk).update(revision=7)
        learn(self, packages)

    monkeypatch.setattr(Knowledge, "learn", interrupted)
    announced.clear()
    rematch()
    assert not Finding.objects.exists()
    assert announced == []
    assert set(Scan.objects.values_list("matched_at", flat=True)) == {None}


def test_what_others_found_is_theirs(brought, repository, scanned):
    brought("PYSEC-2026-1", *before("4.0"))
    image = scanned(DJANGO).manifest
    uploaded = make_scan(
        manifest=image, origin="ci", vulnerabilities={"CVE-2026-7777": 5.0}
    )
    posing = make_scan(manifest=image, origin="built-in", trusted_repository=repository)
    brought("PYSEC-2026-2", *before("4.0"))
    assert rematch().scans == 1
    assert uploaded.findings.get().vulnerability.identifier == "CVE-2026-7777"
    assert not posing.findings.exists()


def test_a_batch_costs_the_same_queries_however_many_scans(scanned, brought):
    brought("PYSEC-2026-1", *before("1.0"))

    def queries(number):
        for _ in range(number):
            scanned(DJANGO)
        brought(f"PYSEC-2026-{number}", *before("4.0"))
        with CaptureQueriesContext(connection) as captured:
            assert rematch().changed
        return len(captured)

    few = queries(2)
    Scan.objects.all().delete()
    assert queries(10) == few


def test_a_vulnerability_is_shared_and_described(scanned, brought):
    brought("PYSEC-2026-1", *before("1.0"))
    scanned(DJANGO)
    scanned("pkg:pypi/django@3.3")
    link = [{"type": "ADVISORY", "url": "https://example.com/1"}]
    brought("PYSEC-2026-2", *before("4.0"), summary="A hole", references=link)
    assert rematch().changed == 2
    row = Vulnerability.objects.get()
    assert (row.identifier, row.summary) == ("PYSEC-2026-2", "A hole")
    assert row.link == "https://example.com/1"
