"""From an event to the move of a tag: the registry itself is asked about everything."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from accounts.access import SYSTEM
from repositories.models import (
    Manifest,
    Provenance,
    RegistryEvent,
    Repository,
    Scan,
    Tag,
    TagMove,
)
from repositories.registry import Digest, RepositoryName, TagName
from repositories.registry.media_types import MediaType
from repositories.services import ingest, manifests, tags
from repositories.services import repositories as repository_services
from repositories.services.registry import client
from tests.factories import make_organization, make_user
from tests.repositories.conftest import moves_of, points_to, reconcile_is_wanted
from tests.repositories.events import ingested, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live_registry import Image, LiveRegistry

pytestmark = pytest.mark.django_db
State = RegistryEvent.State


@pytest.fixture
def push(registry: LiveRegistry, repository: Repository) -> Callable[..., Digest]:
    """Push an image as a client would; nobody is told yet."""

    def push(image: Image, tag: str = "1.0") -> Digest:
        return registry.push(image, repository.full_name, tag)

    return push


def put(registry: LiveRegistry, repository: Repository, body: dict[str, Any]) -> Digest:
    """Put a manifest under the tag 1.0 and return its digest."""
    name = RepositoryName.parse(repository.full_name)
    raw = json.dumps(body).encode()
    return registry.client.put_manifest(
        name, TagName.parse("1.0"), raw, body["mediaType"]
    )


# --- Pushes -------------------------------------------------------------------------


def test_a_push_becomes_a_tag(push, repository, make_image, announced):
    dana = make_user(name="dana")
    digest = push(make_image("a"))

    event = ingested(repository=repository.full_name, digest=digest)

    assert (event.state, event.error) == (State.DONE, "")
    tag = Tag.objects.get(repository=repository)
    assert (tag.name, tag.manifest.digest) == ("1.0", str(digest))
    manifest = tag.manifest
    assert manifest.platform == "linux/amd64"
    assert manifest.image_author == "a"
    assert Digest.of(bytes(manifest.raw)) == digest
    (move,) = announced
    assert (move.moved_by, move.originated_by) == ("dana", dana)
    assert move.event_id == event.event_id
    repository.refresh_from_db()
    assert repository.push_count == 1


def test_a_push_under_the_imports_name_is_recorded_and_scanned_and_not_announced(
    push, repository, make_image, announced
):
    """What is copied from another registry was decided about there."""
    repository.scan_on_push = True
    repository.save()
    digest = push(make_image("a"))
    ingested(
        repository=repository.full_name, digest=digest, actor={"name": "msr-import"}
    )
    (move,) = repository.tag_moves.all()
    assert (move.is_baseline, move.moved_by) == (True, "msr-import")
    assert points_to(repository, "1.0") == str(digest)
    assert not announced
    assert Scan.objects.filter(manifest=move.to_manifest).exists()


def test_there_and_back_is_three_moves_and_again_is_none(push, repository, make_image):
    first, second = make_image("a"), make_image("b")
    digests = []
    for image in (first, second, first, first):
        digests.append(str(push(image)))
        ingested(repository=repository.full_name, digest=digests[-1])
    assert moves_of(repository, "1.0") == digests[:3]


def test_of_pushes_in_a_row_each_is_a_move_and_the_last_is_the_tag(
    push, repository, make_image
):
    digests = [push(make_image(seed)) for seed in "abc"]
    events = [
        ingested(repository=repository.full_name, digest=digest) for digest in digests
    ]
    assert [event.error for event in events] == ["The tag has moved on since."] * 2 + [
        ""
    ]
    assert moves_of(repository, "1.0") == [str(digest) for digest in digests]
    assert points_to(repository, "1.0") == str(digests[-1])


def test_workers_that_take_events_in_another_order_change_nothing(
    push, repository, make_image
):
    digests = [push(make_image(seed)) for seed in "abc"]
    events = [report(repository=repository.full_name, digest=one) for one in digests]

    assert ingest.process(event_id=events[2].event_id) == []
    assert ingest.process(event_id=events[1].event_id) == []
    assert moves_of(repository, "1.0") == []
    (following,) = ingest.process(event_id=events[0].event_id)
    (following,) = ingest.process(event_id=following)
    assert ingest.process(event_id=following) == []

    assert moves_of(repository, "1.0") == [str(digest) for digest in digests]


def test_an_event_worked_on_twice_is_one_move(push, repository, make_image):
    digest = push(make_image("a"))
    event = ingested(repository=repository.full_name, digest=digest)
    assert ingest.process(event_id=event.event_id) == []
    assert moves_of(repository, "1.0") == [str(digest)]


def test_a_worker_that_died_before_the_end_is_followed_by_another(
    push, repository, make_image, announced
):
    """It had written the move; by now the tag points elsewhere."""
    first, second = push(make_image("a")), push(make_image("b"))
    event = ingested(repository=repository.full_name, digest=first)
    row = manifests.store(repository=repository, digest=second, client=client())
    seen = tags.Sighting(tag="1.0", moved_at=timezone.now(), expected_version=0)
    tags.record_move(repository=repository, manifest=row, seen=seen)
    RegistryEvent.objects.filter(pk=event.pk).update(
        state=State.PROCESSING, leased_until=timezone.now() - timedelta(seconds=1)
    )

    ingest.process(event_id=event.event_id)

    event.refresh_from_db()
    assert event.state == State.DONE
    assert moves_of(repository, "1.0") == [str(first), str(second)]
    assert len(announced) == 2


def test_a_late_event_of_a_promotion_overtaken_by_the_next_is_done(
    push, repository, make_image
):
    """Both workers wrote their moves before the first notification was worked on."""
    first, second = push(make_image("a")), push(make_image("b"))
    promotions = [uuid4(), uuid4()]
    before = timezone.now()
    for version, (digest, promotion) in enumerate(
        zip((first, second), promotions, strict=True)
    ):
        row = manifests.store(repository=repository, digest=digest, client=client())
        seen = tags.Sighting(
            tag="1.0",
            moved_at=timezone.now(),
            moved_by=f"promotion:{promotion}",
            expected_version=version,
        )
        tags.record_move(repository=repository, manifest=row, seen=seen)
    late = {
        "repository": repository.full_name,
        "actor": {"name": f"promotion:{promotions[0]}"},
        "timestamp": before.isoformat(),
    }

    assert ingested(digest=first, **late).state == State.DONE
    assert moves_of(repository, "1.0") == [str(first), str(second)]


def test_the_registrys_notification_of_a_promotion_keeps_its_person(
    push, repository, make_image
):
    dana, promotion = make_user(), uuid4()
    Provenance.objects.create(
        promotion_uuid=promotion,
        source_repository="dev/source",
        source_tag="1.0-stable",
        originated_by=dana,
    )
    digest = push(make_image("a"))
    ingested(
        repository=repository.full_name,
        digest=digest,
        actor={"name": f"promotion:{promotion}"},
    )
    move = TagMove.objects.get(repository=repository)
    assert (move.originated_by, move.promotion_uuid) == (dana, promotion)
    assert Tag.objects.get(repository=repository).source_tag == "1.0-stable"


def test_a_time_to_come_is_not_believed(push, repository, make_image):
    digest = push(make_image("a"))
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    ingested(repository=repository.full_name, digest=digest, timestamp=tomorrow)
    assert TagMove.objects.get(repository=repository).moved_at <= timezone.now()


def test_a_push_by_digest_stores_the_manifest_only(push, repository, make_image):
    digest = push(make_image("a"))
    event = ingested(repository=repository.full_name, digest=digest, tag="")
    assert event.error == "Pushed by digest."
    assert Manifest.objects.held_by(repository).get().digest == str(digest)
    assert not Tag.objects.filter(repository=repository).exists()


# --- What images are ----------------------------------------------------------------


def test_an_index_is_stored_with_its_platforms(
    registry, push, repository, make_image, make_index
):
    images = [make_image("a"), make_image("b")]
    for number, image in enumerate(images):
        push(image, f"part-{number}")
    index = make_index(*(image.manifest for image in images))
    digest = put(registry, repository, json.loads(index.raw))

    ingested(repository=repository.full_name, digest=digest)

    held = Manifest.objects.held_by(repository)
    assert sorted(row.platform for row in held) == ["", "linux/amd64", "linux/arm64"]
    tag = Tag.objects.get(repository=repository)
    *below, top = manifests.tree(tag.manifest, held_by=tag.repository)
    assert top == tag.manifest_id
    assert len(below) == 2


def test_an_index_is_held_only_with_all_below_it(
    sick_registry, repository, make_image, make_index, settings
):
    """The registry fails between the index and its child, and then works again."""
    child = make_image("a").manifest
    index = make_index(child)
    known = {str(one.digest): one for one in (index, child)}
    failures = [503]

    def answer(handler: Any) -> None:
        found = known.get(handler.path.rpartition("/")[2], index)
        if "/blobs/" in handler.path:
            handler.reply(404)
        elif found is child and failures:
            handler.reply(failures.pop())
        else:
            digest = str(found.digest)
            kind = str(found.media_type)
            handler.reply(
                200, found.raw, Content_Type=kind, Docker_Content_Digest=digest
            )

    sick_registry(answer)
    settings.RETRY_BASE_SECONDS = 0
    event = ingested(repository=repository.full_name, digest=index.digest)
    assert event.state == State.PENDING
    assert Manifest.objects.held_by(repository).count() == 0

    ingest.process(event_id=event.event_id)
    tag = Tag.objects.get(repository=repository)
    assert len(manifests.tree(tag.manifest, held_by=tag.repository)) == 2


def index_of(*children: Any, **fields: Any) -> dict[str, Any]:
    described = [
        {
            "mediaType": child["mediaType"],
            "digest": str(Digest.of(json.dumps(child).encode())),
            "size": 1,
        }
        for child in children
    ]
    kind = MediaType.OCI_INDEX.value
    return {"schemaVersion": 2, "mediaType": kind, "manifests": described, **fields}


@pytest.fixture
def registry_of(sick_registry) -> Callable[..., list[str]]:
    """Serve these manifests; return the paths asked for."""

    def start(*bodies: dict[str, Any]) -> list[str]:
        raws = [json.dumps(body).encode() for body in bodies]
        known = {str(Digest.of(raw)): raw for raw in raws}
        asked: list[str] = []

        def answer(handler: Any) -> None:
            digest = handler.path.rpartition("/")[2]
            asked.append(digest)
            if digest == "1.0":
                digest = str(Digest.of(raws[0]))
            raw = known[digest]
            kind = json.loads(raw)["mediaType"]
            handler.reply(200, raw, Content_Type=kind, Docker_Content_Digest=digest)

        sick_registry(answer)
        return asked

    return start


def test_indexes_that_share_what_is_below_are_walked_once(registry_of, repository):
    """Twelve levels of two would be 4096 paths."""
    levels = [[index_of(annotations={"n": f"0-{side}"}) for side in "ab"]]
    for number in range(1, 7):
        below = levels[-1]
        levels.append(
            [index_of(*below, annotations={"n": f"{number}-{side}"}) for side in "ab"]
        )
    top = index_of(*levels[-1])
    asked = registry_of(top, *(one for level in levels for one in level))
    digest = Digest.of(json.dumps(top).encode())

    event = ingested(repository=repository.full_name, digest=digest)

    assert event.error == ""
    assert len(asked) == len(set(asked)) == 2 * len(levels) + 2
    tag = Tag.objects.get(repository=repository)
    assert (
        len(manifests.tree(tag.manifest, held_by=tag.repository)) == 2 * len(levels) + 1
    )


def test_indexes_nested_without_end_are_refused(registry_of, repository):
    nested = [index_of()]
    for _ in range(manifests.MAX_LEVELS + 1):
        nested.append(index_of(nested[-1]))
    registry_of(*reversed(nested))
    digest = Digest.of(json.dumps(nested[-1]).encode())

    event = ingested(repository=repository.full_name, digest=digest)

    assert event.state == State.POISON
    assert "levels deep" in event.error
    assert not Tag.objects.filter(repository=repository).exists()


@pytest.mark.parametrize(
    "config",
    [
        b"garbage",
        b"[]",
        b'{"os": 7, "created": []}',
        b'{"os": "lin\\u0000ux", "architecture": "\\ud800", "author": "\\u0000"}',
        b'{"created": "2026-13-45T99:99:99Z"}',
        b'{"created": "0001-01-01T00:00:00+14:00"}',
        b'{"created": "2026-01-01T00:00:00"}',
        b'{"os": "' + b"x" * 5000 + b'"}',
        b"[" * 50_000,
    ],
)
def test_an_odd_configuration_does_not_stop_a_push(
    registry, repository, descriptor, config
):
    name = RepositoryName.parse(repository.full_name)
    registry.push_blob(name, config)
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST.value,
        "config": descriptor(MediaType.OCI_CONFIG.value, config),
        "layers": [],
    }
    digest = put(registry, repository, body)

    event = ingested(repository=repository.full_name, digest=digest)

    assert (event.state, event.error) == (State.DONE, "")
    manifest = Tag.objects.get(repository=repository).manifest
    manifest.refresh_from_db()
    assert "\0" not in manifest.platform + manifest.image_author


def test_sizes_beyond_all_measure_do_not_stop_a_push(registry_of, repository):
    child = {"mediaType": "x", "digest": f"sha256:{'2' * 64}", "size": 2**63 - 1}
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST.value,
        "config": {**child, "size": 2},
        "layers": [child, child],
        "artifactType": "application/\0odd",
    }
    registry_of(body)
    digest = Digest.of(json.dumps(body).encode())

    assert ingested(repository=repository.full_name, digest=digest).error == ""
    assert Tag.objects.get(repository=repository).manifest.size == 2**63 - 1


# --- Failures -----------------------------------------------------------------------


def answering(status: int, **headers: str) -> Callable[[Any], None]:
    return lambda handler: handler.reply(status, b"", **headers)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_registry_that_fails_for_a_while_is_asked_later(
    sick_registry, repository, status
):
    sick_registry(answering(status))
    event = ingested(repository=repository.full_name)
    assert event.state == State.PENDING
    assert event.due_at is not None
    assert event.due_at > timezone.now()
    assert event.error.startswith("The registry")


def test_a_registry_that_hangs_up_or_is_down_is_asked_later(sick_registry, repository):
    server = sick_registry(lambda handler: handler.connection.close())
    event = ingested(repository=repository.full_name)
    assert event.state == State.PENDING

    server.shutdown()
    server.server_close()
    assert ingested(repository=repository.full_name, tag="2.0").state == State.PENDING


def test_the_registry_may_say_when(sick_registry, repository):
    sick_registry(answering(429, Retry_After="120"))
    event = ingested(repository=repository.full_name)
    assert event.due_at is not None
    seconds = (event.due_at - timezone.now()).total_seconds()
    assert 110 < seconds <= 120


def test_a_later_event_waits_for_one_that_was_put_back(sick_registry, repository):
    sick_registry(answering(503))
    ingested(repository=repository.full_name)
    later = ingested(repository=repository.full_name)
    assert (later.state, later.attempts) == (State.PENDING, 0)


def test_what_the_registry_does_not_have_is_done_with_a_sentence(push, repository):
    event = ingested(repository=repository.full_name)
    assert event.state == State.DONE
    assert event.error.startswith("The registry does not hold this")
    assert not reconcile_is_wanted()


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_refuses_the_portal_is_walked_when_it_no_longer_does(
    sick_registry, repository, status
):
    sick_registry(answering(status))
    event = ingested(repository=repository.full_name)
    assert event.state == State.DONE
    assert event.error != ""
    assert reconcile_is_wanted()


def test_after_so_many_attempts_an_event_is_poison(sick_registry, repository, settings):
    settings.EVENT_ATTEMPTS, settings.RETRY_BASE_SECONDS = 3, 0
    sick_registry(answering(503))
    event = report(repository=repository.full_name)
    for _ in range(3):
        ingest.process(event_id=event.event_id)
    event.refresh_from_db()
    assert (event.state, event.attempts) == (State.POISON, 3)
    assert event.error.startswith("The registry is not available")
    assert reconcile_is_wanted()


def test_an_event_that_kills_its_workers_is_poison_in_the_end(
    repository, settings, monkeypatch
):
    settings.EVENT_ATTEMPTS = 3
    event = report(repository=repository.full_name)

    def die(_event: RegistryEvent) -> str:
        RegistryEvent.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        raise MemoryError

    monkeypatch.setattr(ingest, "_ingest", die)
    for _ in range(3):
        with pytest.raises(MemoryError):
            ingest.process(event_id=event.event_id)
    ingest.process(event_id=event.event_id)

    event.refresh_from_db()
    assert (event.state, event.error) == (
        State.POISON,
        "Every worker that took it died.",
    )
    assert reconcile_is_wanted()


@pytest.mark.parametrize(
    "target",
    [{"digest": "sha256:short"}, {"digest": ""}, {"tag": "no tag"}, {"tag": "t" * 290}],
)
def test_names_that_cannot_be_are_poison(push, repository, make_image, target):
    digest = push(make_image("a"))
    target = {"digest": digest, **target}
    event = ingested(repository=repository.full_name, **target)
    assert event.state == State.POISON
    assert not Tag.objects.filter(repository=repository).exists()


def test_another_digest_than_asked_for_writes_nothing(sick_registry, repository):
    other = json.dumps(index_of()).encode()
    sick_registry(
        lambda handler: handler.reply(
            200,
            other,
            Content_Type=MediaType.OCI_INDEX.value,
            Docker_Content_Digest=str(Digest.of(other)),
        )
    )
    event = ingested(repository=repository.full_name)
    assert event.state == State.DONE
    assert event.error == "The content does not have the digest it should have."
    assert not Manifest.objects.exists()
    assert not Tag.objects.filter(repository=repository).exists()


# --- Repositories nobody told us about ----------------------------------------------


def test_an_unknown_repository_in_a_known_namespace_is_adopted_private(
    registry, make_image
):
    make_organization(name="adopters")
    digest = registry.push(make_image("a"), "adopters/team/app", "1.0")

    event = ingested(repository="adopters/team/app", digest=digest)

    adopted = Repository.objects.named("adopters/team/app").get()
    assert adopted.visibility == Repository.Visibility.PRIVATE
    assert points_to(adopted, "1.0") == str(digest)
    assert event.state == State.DONE


@pytest.mark.parametrize("name", ["nobody/app", "alone", "dev"])
def test_an_unknown_namespace_is_noted_as_unmanaged(registry, repository, name):
    event = ingested(repository=name)
    assert event.state == State.DONE
    assert name in event.error
    assert not Repository.objects.exclude(pk=repository.pk).exists()


def test_a_deleted_repository_is_not_revived(push, repository, make_image):
    digest = push(make_image("a"))
    repository_services.delete(actor=SYSTEM, repository=repository)

    event = ingested(repository=repository.full_name, digest=digest)

    assert event.state == State.DONE
    assert "deleted" in event.error
    assert not Repository.objects.live().filter(pk=repository.pk).exists()
    assert not Tag.objects.exists()


# --- Deletions ----------------------------------------------------------------------


def delete(registry: LiveRegistry, repository: Repository, digest: Digest) -> None:
    name = RepositoryName.parse(repository.full_name)
    registry.client.delete_manifest(name, digest)


def test_a_deletion_by_digest_takes_every_tag_of_it(
    registry, push, repository, make_image
):
    image = make_image("a")
    digest, other = push(image), push(make_image("b"), "2.0")
    push(image, "1.0-too")
    for tag, pushed in (("1.0", digest), ("1.0-too", digest), ("2.0", other)):
        ingested(repository=repository.full_name, tag=tag, digest=pushed)
    delete(registry, repository, digest)

    ingested(repository=repository.full_name, action="delete", tag="", digest=digest)

    assert [tag.name for tag in repository.tags.all()] == ["2.0"]
    assert moves_of(repository, "1.0") == [str(digest), None]
    assert Manifest.objects.held_by(repository).get().digest == str(other)


@pytest.mark.parametrize("how", [{"tag": "1.0", "digest": ""}, {"tag": ""}])
def test_a_deletion_the_registry_does_not_confirm_is_not_believed(
    push, repository, make_image, how
):
    digest = push(make_image("a"))
    ingested(repository=repository.full_name, digest=digest)
    target = {"digest": digest, **how}

    ingested(repository=repository.full_name, action="delete", **target)

    assert points_to(repository, "1.0") == str(digest)
    assert Manifest.objects.held_by(repository).exists()


def test_a_deletion_by_tag_is_confirmed_by_asking(
    registry, push, repository, make_image
):
    digest = push(make_image("a"))
    ingested(repository=repository.full_name, digest=digest)
    delete(registry, repository, digest)
    ingested(repository=repository.full_name, action="delete", digest="")
    assert points_to(repository, "1.0") is None


def test_a_deletion_in_an_unknown_repository_makes_none(registry, repository):
    event = ingested(repository="dev/unheard-of", action="delete")
    assert event.state == State.DONE
    assert Repository.objects.count() == 1


def test_a_digest_pushed_again_after_its_deletion_is_held_again(
    registry, push, repository, make_image
):
    image = make_image("a")
    digest = push(image)
    ingested(repository=repository.full_name, digest=digest)
    delete(registry, repository, digest)
    ingested(repository=repository.full_name, action="delete", tag="", digest=digest)

    push(image)
    ingested(repository=repository.full_name, digest=digest)

    assert points_to(repository, "1.0") == str(digest)
    assert Manifest.objects.held_by(repository).exists()


# --- Several workers ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("several_connections")
def test_of_two_workers_on_one_event_one_works(push, repository, make_image, announced):
    digest = push(make_image("a"))
    event, start = report(repository=repository.full_name, digest=digest), Barrier(4)

    def work() -> None:
        start.wait()
        try:
            ingest.process(event_id=event.event_id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work) for _ in range(4)]:
            done.result()
    event.refresh_from_db()
    assert (event.state, event.attempts) == (State.DONE, 1)
    assert moves_of(repository, "1.0") == [str(digest)]
    assert len(announced) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("several_connections")
def test_workers_that_write_one_tag_at_once_leave_it_whole(
    push, repository, make_image, announced
):
    """Events and others (a walk, a promotion) write it; one of them asks again."""
    digest = push(make_image("a"))
    event, start = report(repository=repository.full_name, digest=digest), Barrier(4)

    def by_event() -> None:
        ingest.process(event_id=event.event_id)

    def by_walk() -> None:
        row = manifests.store(repository=repository, digest=digest, client=client())
        seen = tags.Sighting(tag="1.0", moved_at=timezone.now(), expected_version=0)
        try:
            tags.record_move(repository=repository, manifest=row, seen=seen)
        except tags.TagChanged:
            return

    def work(action: Callable[[], None]) -> None:
        start.wait()
        try:
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        for done in [
            threads.submit(work, one) for one in (by_event, by_walk, by_walk, by_walk)
        ]:
            done.result()
    assert points_to(repository, "1.0") == str(digest)
    assert moves_of(repository, "1.0") == [str(digest)]
    assert len(announced) == 1
