"""Reports from elsewhere: of which image they are, and where they count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.access import AccessLevel, Actor
from accounts.models import AuditEvent
from repositories.models import Component, Finding, Manifest, Scan, Vulnerability
from repositories.services.scans import uploading
from repositories.services.scans.uploading import Upload, upload
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_repository,
    make_user,
)
from tests.repositories.scans import reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository():
    return make_repository(name="dev/website")


@pytest.fixture
def ci(repository):
    user = make_user()
    grant(to=user, on=repository, level=AccessLevel.SCAN)
    return Actor(user)


def sent(report, **values):
    return Upload(body=reports.body(report), **values)


def refusal(**values):
    with pytest.raises(ValidationError) as caught:
        upload(**values)
    return caught.value.messages[0]


def test_a_report_is_kept_with_what_it_lists(repository, ci):
    image = make_manifest(repository=repository)
    report = reports.trivy(
        image,
        packages={"openssl": "Apache-2.0", "bash": "GPL-3.0-or-later"},
        vulnerabilities={"CVE-2024-1": 9.8, "CVE-2024-2": 5.0, "CVE-2024-3": None},
    )

    scan = upload(actor=ci, repository=repository, sent=sent(report))

    assert (scan.manifest, scan.state, scan.is_current) == (image, "completed", True)
    assert (scan.origin, scan.source) == ("upload", "Trivy 0.60.0")
    assert scan.requested_by == ci.user
    assert scan.component_count == 2
    assert (scan.critical_count, scan.major_count, scan.minor_count) == (1, 1, 0)
    assert scan.vulnerability_count == 3
    found = scan.contents.get(component__name="bash")
    assert [one.name for one in found.licenses.all()] == ["GPL-3.0-or-later"]
    finding = scan.findings.get(vulnerability__identifier="CVE-2024-1")
    assert (finding.cvss3_score, finding.fixed_version) == (9.8, "1.1")
    assert AuditEvent.objects.filter(action="upload scan report").exists()


def test_it_counts_in_its_repository_only(repository, ci):
    image = make_manifest(repository=repository, content="shared")
    other = make_repository(name="qa/website")
    make_manifest(repository=other, content="shared")

    scan = upload(actor=ci, repository=repository, sent=sent(reports.trivy(image)))

    named = Scan.objects.trusted_in
    assert list(named(repository, ["upload"])) == [scan]
    assert not named(repository).exists()
    assert not named(other, ["upload"]).exists()


def test_a_second_report_takes_the_place_of_the_first(repository, ci):
    image = make_manifest(repository=repository)
    make = reports.trivy(image, vulnerabilities={"CVE-2024-1": 9.8})
    first = upload(actor=ci, repository=repository, sent=sent(make))
    second = upload(actor=ci, repository=repository, sent=sent(reports.trivy(image)))

    assert list(Scan.objects.filter(is_current=True)) == [second]
    first.refresh_from_db()
    assert first.replaced_at is not None


@pytest.mark.parametrize(
    ("said", "counts"), [(-30, -30), (30, 0)], ids=["old", "of the future"]
)
def test_a_report_knows_nothing_newer_than_itself(repository, ci, said, counts):
    image = make_manifest(repository=repository)
    now = timezone.now()
    report = reports.trivy(image)
    report["CreatedAt"] = (now + timedelta(days=said)).isoformat()

    scan = upload(actor=ci, repository=repository, sent=sent(report))

    assert scan.advisories_at is not None
    assert abs(scan.advisories_at - now - timedelta(days=counts)).total_seconds() < 60


def test_labels_tell_several_sources_apart(repository, ci):
    image = make_manifest(repository=repository)
    for label in ("", "nightly"):
        report = sent(reports.trivy(image), label=label)
        upload(actor=ci, repository=repository, sent=report)

    origins = Scan.objects.filter(is_current=True).values_list("origin", flat=True)
    assert set(origins) == {"upload", "upload:nightly"}


def test_an_image_has_reports_under_few_labels(repository, ci, monkeypatch):
    monkeypatch.setattr(uploading, "MAX_LABELS", 2)
    image = make_manifest(repository=repository)
    for label in ("a", "b", "b"):
        report = sent(reports.trivy(image), label=label)
        upload(actor=ci, repository=repository, sent=report)
    more = sent(reports.trivy(image), label="c")
    assert "at most 2" in refusal(actor=ci, repository=repository, sent=more)


def test_a_report_without_a_digest_is_of_what_the_caller_says(repository, ci):
    image = make_manifest(repository=repository)

    message = refusal(actor=ci, repository=repository, sent=sent(reports.trivy()))
    scan = upload(
        actor=ci,
        repository=repository,
        sent=sent(reports.trivy(), digest=image.digest),
    )

    assert "give its digest" in message
    assert scan.manifest == image


def test_a_report_of_another_image_is_refused(repository, ci):
    image = make_manifest(repository=repository)
    other = make_manifest(repository=repository)

    report = sent(reports.trivy(other), digest=image.digest)
    message = refusal(actor=ci, repository=repository, sent=report)

    assert message == f"The report is of {other.digest}, not of {image.digest}."
    assert not Scan.objects.exists()


def test_the_repository_must_hold_the_image(repository, ci):
    foreign = make_manifest(repository=make_repository(name="qa/secret"))

    report = sent(reports.trivy(foreign))
    message = refusal(actor=ci, repository=repository, sent=report)

    assert "holds no image" in message


def test_the_platform_of_an_index_is_told_by_its_configuration(repository, ci):
    index = make_index(repository=repository, platforms=("linux/amd64", "linux/arm64"))
    arm = Manifest.objects.get(architecture="arm64")
    Manifest.objects.filter(pk=arm.pk).update(config_digest="sha256:" + "a" * 64)
    report = reports.trivy(index)

    message = refusal(actor=ci, repository=repository, sent=sent(report))
    report["Metadata"]["ImageID"] = "sha256:" + "a" * 64
    scan = upload(actor=ci, repository=repository, sent=sent(report))

    assert "which platform" in message
    assert scan.manifest == arm


def test_it_needs_the_right_to_scan(repository):
    image = make_manifest(repository=repository)
    reader = make_user()
    grant(to=reader, on=repository, level=AccessLevel.READ_WRITE)
    report = reports.trivy(image)

    with pytest.raises(PermissionDenied):
        upload(actor=Actor(reader), repository=repository, sent=sent(report))
    with pytest.raises(Http404):
        upload(actor=Actor(make_user()), repository=repository, sent=sent(report))


def test_what_cannot_be_read_is_refused_with_a_sentence(repository, ci):
    make_manifest(repository=repository)
    message = refusal(actor=ci, repository=repository, sent=sent({"a": 1}))

    assert "Trivy JSON" in message


def test_an_upload_describes_no_vulnerability_for_others(repository, ci):
    image = make_manifest(repository=repository)
    report = reports.trivy(image, vulnerabilities={"CVE-2024-1": 9.8})
    found = report["Results"][0]["Vulnerabilities"][0]
    found |= {"Title": "Pay here", "PrimaryURL": "https://evil.example.com/"}

    upload(actor=ci, repository=repository, sent=sent(report))

    row = Vulnerability.objects.get(identifier="CVE-2024-1")
    assert (row.summary, row.link, row.aliases.count()) == ("", "", 0)


def test_a_long_report_costs_no_query_per_row(
    repository, ci, django_assert_max_num_queries
):
    image = make_manifest(repository=repository)
    packages = {f"package-{number}": "MIT" for number in range(400)}
    found = {f"CVE-2024-{number}": 5.0 for number in range(400)}
    report = reports.trivy(image, packages=packages, vulnerabilities=found)

    with django_assert_max_num_queries(40):
        upload(actor=ci, repository=repository, sent=sent(report))

    assert Component.objects.count() == 400
    assert Finding.objects.count() == 400
