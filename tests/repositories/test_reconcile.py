"""Walking the registry: for pushes that nobody reported, and with a brake."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.access import SYSTEM
from repositories import tasks
from repositories.models import Registry, RegistryEvent, Repository, Tag
from repositories.registry import Digest, RegistryError, RepositoryName, TagName
from repositories.registry.media_types import MediaType
from repositories.services import deletion, inbox
from repositories.services import reconcile as walk
from repositories.services import repositories as repository_services
from repositories.services.reconcile import changes, compare, reconcile
from repositories.services.reconcile.lease import LEASE, Lease
from tests.factories import make_organization, make_repository
from tests.repositories.conftest import moves_of, points_to
from tests.repositories.events import ingested, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live_registry import Image, LiveRegistry

pytestmark = pytest.mark.django_db
NUMBERS = count(1)


@pytest.fixture
def namespace(registry: LiveRegistry, db: None) -> str:
    """A namespace of this test alone: those of other tests are unmanaged here."""
    name = f"walk{next(NUMBERS)}"
    make_organization(name=name)
    return name


@pytest.fixture
def known(namespace: str) -> Repository:
    return make_repository(name=f"{namespace}/known")


@pytest.fixture
def push(
    registry: LiveRegistry, known: Repository, make_image: Callable[..., Image]
) -> Callable[..., str]:
    """Push an image of that seed, and tell nobody; return its digest."""

    def push(seed: str, tag: str = "1.0", name: str = "") -> str:
        image = make_image(f"{known} {seed}")
        return str(registry.push(image, name or known.full_name, tag))

    return push


@pytest.fixture
def delete(registry: LiveRegistry, known: Repository) -> Callable[[str], None]:
    """Delete a digest with all of its tags, and tell nobody."""

    def delete(digest: str) -> None:
        name = RepositoryName.parse(known.full_name)
        registry.client.delete_manifest(name, Digest.parse(digest))

    return delete


@pytest.fixture
def baseline(push: Callable[..., str]) -> str:
    """Walk for the first time over a registry with the tag `old`; its digest."""
    digest = push("old", "old")
    reconcile()
    return digest


# --- Finding ------------------------------------------------------------------------


def test_the_first_walk_records_and_promotes_nothing(push, known, announced):
    digest = push("a")
    assert reconcile().is_baseline
    assert points_to(known, "1.0") == digest
    assert known.tag_moves.get().is_baseline
    assert announced == []
    assert not reconcile().is_baseline


def test_a_push_nobody_reported_is_found_and_promoted(push, known, baseline, announced):
    first, second = push("a"), push("b", "old")

    found = reconcile()

    assert (found.repositories, found.tags, found.recorded) == (1, 2, 2)
    assert points_to(known, "1.0") == first
    assert moves_of(known, "old") == [baseline, second]
    assert len(announced) == 2
    assert reconcile().recorded == 0
    assert len(announced) == 2


def test_a_notification_that_comes_after_the_walk_is_no_second_push(
    push, known, baseline, announced
):
    """The registry's queue stood still; two pushes of one tag are in it."""
    sent = [
        {"timestamp": timezone.now().isoformat(), "digest": push(one)} for one in "ab"
    ]
    reconcile()
    for event in sent:
        ingested(repository=known.full_name, **event)
    assert moves_of(known, "1.0") == [sent[1]["digest"]]
    assert len(announced) == 1


def test_a_repository_nobody_reported_is_adopted_private(push, namespace, baseline):
    digest = push("a", name=f"{namespace}/team/app")
    reconcile()
    found = Repository.objects.named(f"{namespace}/team/app").get()
    assert points_to(found, "1.0") == digest
    assert found.visibility == Repository.Visibility.PRIVATE


def test_what_no_namespace_covers_is_named_and_left_alone(push, namespace, baseline):
    names = {
        f"{namespace}",
        f"stranger-{namespace}/app",
        f"{namespace}/tags",
    }
    for name in names:
        push("a", name=name)
    found = reconcile()
    assert names <= set(found.unmanaged)
    assert found.recorded == 0
    assert Repository.objects.count() == 1


def test_a_deleted_repository_is_not_revived(push, known, baseline):
    repository_services.delete(actor=SYSTEM, repository=known)
    push("a")
    found = reconcile(accept="evaluate")
    assert known.full_name in found.unmanaged
    assert known.tags.count() == 1


def test_a_repository_with_blobs_only_does_not_end_the_walk(
    registry, push, known, namespace, baseline
):
    """As every repository into which somebody pushes at this moment."""
    for name in (f"{namespace}/aaa", f"{namespace}/zzz"):
        registry.push_blob(RepositoryName.parse(name), b"a layer")
    push("a")
    assert reconcile().recorded == 1


def test_what_is_in_the_inbox_is_left_to_the_inbox(push, known, baseline, announced):
    digest = push("a")
    event = report(repository=known.full_name, digest=digest)
    assert reconcile().recorded == 0
    assert announced == []

    RegistryEvent.objects.filter(pk=event.pk).update(state="poison")
    assert reconcile().recorded == 1
    assert len(announced) == 1


def test_a_tag_that_moves_while_it_is_walked_is_left_to_the_next(
    push, known, baseline, monkeypatch
):
    push("a")
    ask = compare.digest_of

    def ask_then_push(name: str, tag: str) -> Digest | None:
        push("b")
        return ask(name, tag)

    with monkeypatch.context() as patch:
        patch.setattr(changes, "digest_of", ask_then_push)
        assert reconcile().recorded == 0
    assert reconcile().recorded == 1


def test_a_deletion_that_was_interrupted_is_finished(
    registry, known, baseline, announced
):
    """The tag points to the placeholder that should have been deleted."""
    name = RepositoryName.parse(known.full_name)
    raw = deletion._placeholder()
    registry.client.put_manifest(name, TagName.parse("old"), raw, MediaType.OCI_INDEX)

    assert reconcile(accept="evaluate").removed == 1

    assert registry.client.head_manifest(name, TagName.parse("old")) is None
    assert moves_of(known, "old") == [baseline, None]
    assert announced == []


# --- Absence ------------------------------------------------------------------------


def test_absence_is_believed_on_the_second_walk(push, known, delete, baseline):
    push("a")
    reconcile()
    delete(baseline)

    first = reconcile()
    assert (first.missed, first.removed) == (1, 0)
    assert points_to(known, "old") == baseline
    second = reconcile()
    assert (second.missed, second.removed) == (0, 1)
    assert moves_of(known, "old") == [baseline, None]


def test_a_tag_found_again_in_between_starts_anew(push, known, delete, baseline):
    push("a")
    reconcile()
    delete(baseline)
    reconcile()
    assert push("old", "old") == baseline
    reconcile()
    assert known.tags.get(name="old").missed_at is None
    delete(baseline)
    assert reconcile().missed == 1
    assert points_to(known, "old") == baseline


# --- The brake ----------------------------------------------------------------------


@pytest.fixture
def many(push: Callable[..., str], known: Repository) -> list[str]:
    """Twenty new tags in the registry, after the baseline with one."""
    push("old", "old")
    reconcile()
    return [push("many", f"1.{number}") for number in range(20)]


def test_the_brake_stops_a_flood_before_anything_is_written(known, many, announced):
    with pytest.raises(
        walk.BrakeEngaged, match=r"manage\.py reconcile --accept record"
    ):
        reconcile()
    assert [tag.name for tag in known.tags.all()] == ["old"]
    assert announced == []
    registry = Registry.objects.get()
    assert registry.brake == Registry.Brake.ENGAGED
    assert "--accept evaluate" in registry.brake_reason


@pytest.mark.parametrize(("accept", "heard"), [("record", 0), ("evaluate", 20)])
def test_an_administrator_releases_the_brake(known, many, announced, accept, heard):
    with pytest.raises(walk.BrakeEngaged):
        reconcile()
    assert reconcile(accept=accept).recorded == 20
    assert known.tags.count() == 21
    assert len(announced) == heard
    registry = Registry.objects.get()
    assert (registry.brake, registry.brake_reason) == (Registry.Brake.RELEASED, "")


def test_a_registry_that_is_suddenly_empty_is_not_believed(
    push, known, delete, baseline
):
    delete(baseline)
    for _ in range(3):
        with pytest.raises(walk.BrakeEngaged, match="has none of the 1 known tags"):
            reconcile()
    assert points_to(known, "old") == baseline


def test_an_empty_registry_without_history_is_fine(namespace):
    assert reconcile().is_baseline
    assert reconcile().tags == 0


# --- Refusals and failures ----------------------------------------------------------


@pytest.fixture
def refusing(
    sick_registry: Callable[..., Any], known: Repository
) -> Callable[[], list[str]]:
    """A registry whose thirty tags are manifests of schema 1; what it was asked."""
    raw = b'{"schemaVersion": 1, "fsLayers": []}'
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    listings = {
        "_catalog": {"repositories": [known.full_name]},
        "list": {"tags": [f"old-{number}" for number in range(30)]},
    }

    def answer(handler: Any) -> None:
        last = handler.path.partition("?")[0].rpartition("/")[2]
        if last in listings:
            handler.reply(200, json.dumps(listings[last]).encode())
        else:
            digest = str(Digest.of(raw))
            handler.reply(200, raw, Content_Type=kind, Docker_Content_Digest=digest)

    server = sick_registry(answer)

    def asked() -> list[str]:
        paths = [seen.path for seen in server.seen if seen.command == "GET"]
        server.seen.clear()
        return [path for path in paths if "/manifests/" in path]

    return asked


def test_manifests_that_are_refused_are_not_asked_for_at_each_walk(refusing, known):
    first = reconcile()
    assert len(first.refused) == 30
    assert "Schema 1" in first.refused[0]
    assert len(refusing()) == 30

    second = reconcile()
    assert second.refused == []
    assert refusing() == []
    kept = RegistryEvent.objects.filter(repository=known.full_name, tag="old-7").get()
    assert "Schema 1" in kept.error

    yesterday = timezone.now() - timedelta(days=2)
    RegistryEvent.objects.update(finished_at=yesterday)
    assert len(reconcile(accept="record").refused) == 30
    assert reconcile().refused == []


def test_two_walks_at_once_are_one(namespace):
    lease = Lease.take()
    with pytest.raises(walk.AlreadyRunning):
        reconcile()
    lease.release()
    reconcile()


def test_a_walk_that_died_does_not_stop_the_next_for_ever(namespace):
    Lease.take()
    Registry.objects.update(
        reconcile_leased_until=timezone.now() - timedelta(seconds=1)
    )
    reconcile()


def test_a_walk_goes_on_renewing_its_lease_and_ends_when_it_lost_it(namespace):
    lease = Lease.take()
    lease.renew()
    first = lease.until
    lease.until = timezone.now() + LEASE / 3
    Registry.objects.update(reconcile_leased_until=lease.until)
    lease.renew()
    assert lease.until > first

    lease.until = timezone.now() + LEASE / 3
    with pytest.raises(walk.AlreadyRunning):
        lease.renew()
    lease.release()
    assert Registry.objects.get().reconcile_leased_until is not None


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_a_walk_that_fails_is_started_again_but_not_at_once(
    sick_registry, namespace, status
):
    inbox.want_reconcile(reason="A notification could not be read.")
    sick_registry(lambda handler: handler.reply(status))

    with pytest.raises(RegistryError):
        reconcile()
    tasks.reconcile()

    registry = Registry.objects.get()
    assert registry.reconcile_leased_until is None
    assert registry.reconcile_wanted_at is not None
    assert registry.reconcile_wanted_at > timezone.now() + timedelta(seconds=30)
    assert not walk.is_wanted()
    assert registry.baseline_at is None


def test_a_wish_is_granted_by_the_walk_that_follows_it(push, baseline):
    inbox.want_reconcile(reason="A notification could not be read.")
    assert walk.is_wanted()
    reconcile()
    registry = Registry.objects.get()
    assert (registry.reconcile_wanted_at, registry.reconcile_reason) == (None, "")


@pytest.mark.parametrize("wanted_before", [True, False])
def test_a_wish_made_during_a_walk_is_granted_by_the_next(
    push, baseline, monkeypatch, wanted_before
):
    if wanted_before:
        inbox.want_reconcile(reason="first")
    push("a")

    def wish_and_apply(*arguments: Any, **values: Any) -> None:
        inbox.want_reconcile(reason="second")

    monkeypatch.setattr("repositories.services.reconcile.apply", wish_and_apply)
    reconcile()

    registry = Registry.objects.get()
    assert registry.reconcile_wanted_at is not None
    assert registry.reconcile_reason == "second"


def test_without_the_registrys_row_it_says_what_to_run(namespace):
    Registry.objects.all().delete()
    with pytest.raises(ImproperlyConfigured, match=r"manage\.py migrate"):
        reconcile()


# --- The command --------------------------------------------------------------------


def run(**options: Any) -> str:
    out = StringIO()
    call_command("reconcile", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_the_command_says_what_it_found(push, known, namespace):
    push("a")
    push("b", name=f"stranger-{namespace}/app")
    first = run()
    assert "baseline: 1 repositories, 1 tags; recorded 1, removed 0" in first
    assert f"unmanaged: stranger-{namespace}/app" in first
    assert "walk: 1 repositories, 1 tags; recorded 0" in run()


def test_the_command_fails_with_the_brakes_sentence(many):
    with pytest.raises(CommandError, match="--accept record"):
        run()
    assert "recorded 20" in run(accept="record")


def test_the_command_fails_while_another_walk_is_under_way(namespace):
    Lease.take()
    with pytest.raises(CommandError, match="under way"):
        run()


def test_the_command_fails_where_the_registry_does(sick_registry, namespace):
    sick_registry(lambda handler: handler.reply(503))
    with pytest.raises(CommandError, match="not available"):
        run()


def test_the_command_names_what_is_refused(refusing):
    assert "refused: " in run()
    assert Tag.objects.count() == 0
