from __future__ import annotations

from datetime import UTC, datetime

import pytest

from repositories.scanning import formats
from repositories.scanning.report import Kind
from tests.repositories.scanning.formats import samples


def read(document):
    return formats.read(samples.encoded(document))


def test_image():
    report = read(samples.grype())

    assert (report.format, report.source) == ("Grype JSON", "grype 0.80.0")
    assert report.digests == {samples.DIGEST}
    assert report.config_digests == {samples.CONFIG}
    assert report.distribution == "debian 12"
    assert report.generated_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert report.advisories_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert report.coverage == {Kind.VULNERABILITIES: None}
    assert report.components == ()


def test_finding_goes_by_the_cve_it_is_related_to():
    (found,) = read(samples.grype()).vulnerabilities

    assert (found.id, found.aliases) == ("CVE-2024-0002", ("GHSA-aaaa-bbbb-cccc",))
    assert (found.severity, found.fixed_version) == ("Medium", "4.17.3, 5.0.0")
    assert (found.cvss3, found.vector) == (9.8, samples.VECTOR)
    assert (found.purl, found.layer) == (samples.EXPRESS, "")
    assert found.link == "https://example.test/GHSA-aaaa-bbbb-cccc"


def test_the_same_vulnerability_under_two_names_is_one_finding():
    other = samples.grype_match(
        vulnerability={"id": "CVE-2024-0002", "severity": "Critical"},
        relatedVulnerabilities=[],
    )
    (found,) = read(
        samples.grype(matches=[samples.grype_match(), other])
    ).vulnerabilities

    assert (found.id, found.severity) == ("CVE-2024-0002", "Critical")


def test_an_announcement_counts_for_each_cve_it_covers():
    match = samples.grype_match(
        vulnerability={"id": "ALAS2-2024-1", "severity": "High"},
        relatedVulnerabilities=[{"id": "CVE-2024-0003"}, {"id": "CVE-2024-0004"}],
    )
    found = read(samples.grype(matches=[match])).vulnerabilities

    assert [(one.id, one.aliases) for one in found] == [
        ("CVE-2024-0003", ()),
        ("CVE-2024-0004", ()),
    ]


def test_a_clean_image_is_covered():
    report = read(samples.grype(matches=[]))

    assert report.coverage == {Kind.VULNERABILITIES: None}


def test_packages_without_purl_are_made_from_their_type():
    artifact = {"name": "libc6", "version": "2.36", "type": "deb", "purl": ""}
    report = read(samples.grype(matches=[samples.grype_match(artifact=artifact)]))

    assert report.vulnerabilities[0].purl == "pkg:deb/libc6@2.36"


def test_version_6_of_the_database_says_elsewhere_how_new_it_is():
    database = {"status": {"built": "2026-02-03T00:00:00Z", "schemaVersion": "v6.0.2"}}
    descriptor = {"name": "grype", "version": "[not provided]", "db": database}
    report = read(samples.grype(descriptor=descriptor))

    assert report.advisories_at == datetime(2026, 2, 3, tzinfo=UTC)
    assert report.source == "grype"


def test_a_finding_without_an_id_is_refused():
    document = samples.grype(matches=[samples.grype_match(vulnerability={})])

    with pytest.raises(
        formats.UnreadableReport, match=r"matches\[0\]\.vulnerability has no id"
    ):
        read(document)
