"""Which scans are asked for, of what, and by whom."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from accounts.access import SYSTEM, AccessLevel, Actor
from repositories.models import Manifest, Scan, Scanner
from repositories.services.scans import requesting
from repositories.signals import scan_requested
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_repository,
    make_scan,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository():
    return make_repository(name="dev/website")


def make_scanner(name, **values):
    return Scanner.objects.create(name=name, url="http://scanner.test", **values)


def want(repository, manifest, **values):
    values.setdefault("trigger", Scan.Trigger.PUSH)
    return requesting.want(repository=repository, manifest=manifest, **values)


def test_each_scanner_scans_each_platform(repository):
    make_scanner("clair")
    index = make_index(repository=repository, platforms=("linux/amd64", "linux/arm64"))

    want(repository, index)

    rows = Scan.objects.values_list("origin", "manifest__architecture", "state")
    assert sorted(rows) == [
        ("built-in", "amd64", "queued"),
        ("built-in", "arm64", "queued"),
        ("clair", "amd64", "queued"),
        ("clair", "arm64", "queued"),
    ]


def test_what_was_scanned_is_not_scanned_again_by_itself(repository):
    image = make_manifest(repository=repository)
    make_scan(manifest=image)

    assert want(repository, image) == []
    assert len(want(repository, image, again=True)) == 1


def test_there_is_one_scan_at_a_time(repository):
    image = make_manifest(repository=repository)

    first = want(repository, image)

    assert want(repository, image, again=True) == first
    assert Scan.objects.count() == 1


def test_the_image_of_two_tenants_is_scanned_once(repository):
    image = make_manifest(repository=repository, content="same")
    other = make_repository(name="qa/website")
    make_manifest(repository=other, content="same")

    assert want(repository, image) == want(other, image)


def test_a_namespaces_own_scanner_scans_there_only(repository):
    make_scanner("ours", namespace=repository.namespace)
    other = make_repository(name="qa/website")

    want(repository, make_manifest(repository=repository))
    want(other, make_manifest(repository=other))

    own = Scan.objects.get(origin="ours")
    assert own.trusted_namespace == repository.namespace
    assert own.repository == repository


def test_a_repository_chooses_its_scanners(repository):
    for name in ("clair", "grype"):
        make_scanner(name)
    repository.scanners = ["grype", "clair"]

    found = want(repository, make_manifest(repository=repository))

    assert [scan.origin for scan in found] == ["grype", "clair"]


def test_what_is_no_image_is_not_scanned(repository):
    chart = make_manifest(repository=repository)
    Manifest.objects.filter(pk=chart.pk).update(
        config_media_type="application/vnd.cncf.helm.config.v1+json"
    )
    chart.refresh_from_db()

    assert want(repository, chart) == []


def test_a_person_needs_to_be_able_to_push(repository):
    image = make_manifest(repository=repository)
    reader, writer = make_user(), make_user()
    grant(to=reader, on=repository, level=AccessLevel.READ_ONLY)
    grant(to=writer, on=repository, level=AccessLevel.READ_WRITE)
    asked = {"repository": repository, "manifest": image}

    with pytest.raises(PermissionDenied):
        requesting.request(actor=Actor(reader), **asked)
    (scan,) = requesting.request(actor=Actor(writer), **asked)

    assert (scan.trigger, scan.requested_by) == ("manual", writer)


def test_whoever_asks_for_very_many_does_not_keep_pushes_waiting(
    repository, monkeypatch
):
    monkeypatch.setattr(requesting, "AT_ONCE", 2)
    started = []
    scan_requested.connect(lambda **news: started.append(news["scan_id"]), weak=False)
    images = [make_manifest(repository=repository) for _ in range(5)]
    for image in images[:4]:
        requesting.request(actor=SYSTEM, repository=repository, manifest=image)
    (pushed,) = want(repository, images[4])

    asked = list(Scan.objects.filter(trigger="manual").order_by("id"))
    assert started == [asked[0].pk, asked[1].pk, pushed.pk]
    assert list(Scan.objects.due().most_urgent_first()) == [pushed, *asked]
