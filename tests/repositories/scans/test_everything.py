"""Scan all: asked for at once, queued by a worker, through its death."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import Actor
from repositories.models import Registry, Scan
from repositories.services.scans import everything
from repositories.services.scans.requesting import want_many
from repositories.tasks import scan_all
from tests.factories import make_manifest, make_repository, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return Actor(make_user(is_superuser=True))


@pytest.fixture
def tags():
    """Three tags in two repositories; a fourth image has none."""
    website = make_repository(name="dev/website")
    make_manifest(repository=website)
    other = make_repository(name="qa/website")
    places = ((website, "1.0"), (website, "1.1"), (other, "1.0"))
    return [make_tag(repository=place, name=name) for place, name in places]


def test_all_that_is_tagged_is_queued(administrator, tags):
    everything.request_all(actor=administrator)
    assert everything.is_wanted()
    assert not Scan.objects.exists(), "the request does no more than note the wish"

    scan_all()

    scans = Scan.objects.order_by("manifest")
    assert [one.manifest for one in scans] == [tag.manifest for tag in tags]
    assert {one.requested_by for one in scans} == {administrator.user}
    assert not everything.is_wanted()


def test_only_an_administrator_may_ask(tags):
    with pytest.raises(PermissionDenied):
        everything.request_all(actor=Actor(make_user()))
    assert not everything.is_wanted()


def test_what_a_dead_worker_left_is_queued_and_nothing_twice(
    administrator, tags, monkeypatch
):
    monkeypatch.setattr(everything, "BATCH", 1)
    everything.request_all(actor=administrator)
    queue = want_many

    def dies_at_the_second(**values):
        if Scan.objects.exists():
            raise KeyboardInterrupt
        queue(**values)

    monkeypatch.setattr(everything, "want_many", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        scan_all()
    Scan.objects.update(state=Scan.State.FAILED, finished_at=timezone.now())
    assert not everything.is_wanted(), "its lease has not run out"
    monkeypatch.setattr(everything, "want_many", queue)
    scan_all()
    assert Scan.objects.count() == 1

    past = timezone.now() - timedelta(seconds=1)
    Registry.objects.update(scan_all_leased_until=past)
    scan_all()

    found = Scan.objects.order_by("manifest").values_list("manifest", flat=True)
    assert list(found) == [tag.manifest_id for tag in tags]
    assert not everything.is_wanted()


def test_asked_again_it_begins_anew(administrator, tags, monkeypatch):
    everything.request_all(actor=administrator)
    queue = want_many

    def asked_again_meanwhile(**values):
        queue(**values)
        everything.request_all(actor=administrator)

    monkeypatch.setattr(everything, "want_many", asked_again_meanwhile)
    scan_all()
    assert everything.is_wanted()
    Scan.objects.update(state=Scan.State.FAILED, finished_at=timezone.now())

    monkeypatch.setattr(everything, "want_many", queue)
    scan_all()

    assert Scan.objects.open().count() == 3
    assert Scan.objects.count() == 6
