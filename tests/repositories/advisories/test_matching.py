"""What is known of an image's packages, and what is honestly not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from repositories.models import AdvisoryLoad
from repositories.scanning.report import Gap, Kind
from repositories.services.advisories import complete, load, match
from tests.repositories.advisories.conftest import DJANGO, LAYER, ZLIB, report_of
from tests.repositories.scanning.advisories.records import (
    VECTOR,
    before,
    record,
    write,
)

REMEDY = "run manage.py load_advisories with them"


@pytest.fixture
def loaded(db, tmp_path):
    """Advisories about Django and Debian's zlib."""
    write(
        tmp_path,
        record(
            "PYSEC-2026-1",
            *before("4.2"),
            aliases=["CVE-2026-1111"],
            severity=[{"type": "CVSS_V3", "score": VECTOR}],
        ),
        record("GHSA-aaaa-bbbb-cccc", *before("4.1"), aliases=["CVE-2026-1111"]),
        record(
            "DEBIAN-CVE-2026-2222",
            *before("1:1.2.14-1"),
            ecosystem="Debian:12",
            package="zlib",
            upstream=["CVE-2026-2222"],
        ),
        record("DSA-1-1", *before("9"), ecosystem="Debian", package="zlib"),
        record("X-1", *before("9"), ecosystem="Debian:11", package="zlib"),
    )
    load(path=tmp_path)


def test_packages_are_matched_by_release_and_source(loaded):
    known = match(purls=[DJANGO, ZLIB])
    assert known.gap is None
    assert [(one.id, one.purl) for one in known.findings] == [
        ("CVE-2026-1111", DJANGO),
        ("CVE-2026-2222", ZLIB),
        ("DSA-1-1", ZLIB),
    ]
    first, second, _ = known.findings
    assert first.aliases == ("GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1")
    assert (first.cvss3, first.fixed_version) == (9.8, "4.2")
    assert second.fixed_version == "1:1.2.14-1"


def test_fixed_versions_have_nothing(loaded):
    fixed = "pkg:deb/debian/zlib1g@1:10?distro=debian-12&upstream=zlib"
    assert match(purls=["pkg:pypi/django@4.2", fixed]).findings == ()


def test_the_report_of_the_inventory_is_completed(loaded):
    report = complete(report=report_of(DJANGO))
    assert report.coverage[Kind.VULNERABILITIES] is None
    assert [one.layer for one in report.vulnerabilities] == [LAYER]
    assert report.advisories_at == AdvisoryLoad.objects.get(ecosystem="PyPI").loaded_at


def test_knowledge_is_as_old_as_its_oldest_part(loaded):
    old = timezone.now() - timedelta(days=8)
    AdvisoryLoad.objects.filter(ecosystem__startswith="Debian").update(loaded_at=old)
    assert match(purls=[DJANGO, ZLIB]).advisories_at == old
    fresh = match(purls=[DJANGO]).advisories_at
    assert fresh is not None
    assert fresh > old


@pytest.mark.parametrize(
    ("purls", "gap"),
    [
        (
            ["pkg:npm/left-pad@1", "pkg:apk/alpine/musl@1-r0?distro=alpine-3.18.4"],
            Gap("no advisories for Alpine 3.18 and npm are loaded", REMEDY),
        ),
        (
            ["pkg:generic/mine@1", DJANGO],
            Gap(
                "no advisories list packages of type generic",
                "scan the image with a scanner that knows them",
                unscannable=True,
            ),
        ),
        (
            ["pkg:pypi/django@mine"],
            Gap(
                "advisories cannot be compared with the version of django mine",
                "scan the image with a scanner that knows them",
                unscannable=True,
            ),
        ),
        (
            [],
            Gap(
                "no package was found that advisories could list",
                "scan the image with a scanner that knows its contents",
                unscannable=True,
            ),
        ),
    ],
)
def test_what_is_not_known_is_said_with_its_remedy(loaded, purls, gap):
    assert match(purls=purls).gap == gap


def test_whoever_does_not_see_all_packages_does_not_know_all_vulnerabilities(loaded):
    gap = Gap("the layer sha256:1 is not in this registry", unscannable=True)
    assert match(purls=[DJANGO], components=gap).gap == gap


def test_releases_that_nobody_loaded_are_not_covered_by_others(loaded):
    AdvisoryLoad.objects.filter(ecosystem="Debian").delete()
    purl = "pkg:deb/debian/zlib1g@1.2.13-1?distro=debian-13&upstream=zlib"
    gap = match(purls=[purl]).gap
    assert gap is not None
    assert gap.reason == "no advisories for Debian 13 are loaded"


def test_an_image_costs_a_handful_of_queries(loaded):
    purls = [f"pkg:pypi/package-{number}@1.0" for number in range(450)]
    with CaptureQueriesContext(connection) as queries:
        match(purls=[*purls, DJANGO, ZLIB])
    assert len(queries) <= 4
