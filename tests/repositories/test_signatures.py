"""Signatures that cosign pushed, as they are taken in from a real registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from repositories.models import (
    AttachmentNotice,
    ImageSignature,
    Manifest,
    RegistryEvent,
    Repository,
)
from repositories.registry import Digest, MediaType, RepositoryName, TagName
from repositories.registry.simple_signing import MAX_PAYLOAD_BYTES, MAX_SIGNATURES
from repositories.services import ingest, manifests
from repositories.services.registry import client
from tests import signing
from tests.factories import make_repository
from tests.repositories.conftest import registry_at
from tests.repositories.events import ingested, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live_registry import LiveRegistry

pytestmark = pytest.mark.django_db
State = RegistryEvent.State
IMAGE = Digest.of(b"an image")


@pytest.fixture
def attach(registry: LiveRegistry, repository: Repository) -> Callable[..., Digest]:
    """Push a signature manifest, under cosign's tag or (with "") by its digest."""

    def attach(body: dict[str, Any], *blobs: bytes, tag: str) -> Digest:
        name = RepositoryName.parse(repository.full_name)
        for blob in (b"{}", *blobs):
            registry.push_blob(name, blob)
        raw = json.dumps(body).encode()
        reference = TagName.parse(tag) if tag else Digest.of(raw)
        return registry.client.put_manifest(name, reference, raw, body["mediaType"])

    return attach


def attached(attach: Callable[..., Digest], *made: signing.Signature) -> Digest:
    payloads = [one.payload for one in made]
    return attach(signing.manifest_of(*made), *payloads, tag=signing.tag_of(IMAGE))


def take_in(repository: Repository, digest: Digest, tag: str) -> RegistryEvent:
    return ingested(repository=repository.full_name, digest=digest, tag=tag)


def noticed() -> list[tuple[str, str]]:
    """Where something attached to which image has changed."""
    rows = AttachmentNotice.objects.select_related("repository__namespace")
    return [(one.repository.full_name, one.subject_digest) for one in rows]


def test_signatures_under_cosigns_tag_are_kept(attach, repository):
    made = [signing.sign(signing.new_key(), IMAGE) for _ in range(2)]
    digest = attached(attach, *made)

    event = take_in(repository, digest, signing.tag_of(IMAGE))

    assert (event.state, event.error) == (State.DONE, "")
    rows = ImageSignature.objects.held_by(repository).order_by("id")
    assert {one.subject_digest for one in rows} == {str(IMAGE)}
    assert [bytes(one.signature) for one in rows] == [one.signature for one in made]
    assert {bytes(one.payload) for one in rows} == {made[0].payload}
    assert noticed() == [(repository.full_name, str(IMAGE))]


def test_signatures_attached_by_their_subject_are_kept(attach, repository):
    made = signing.sign(signing.new_key(), IMAGE)
    body = signing.manifest_of(made, subject=_describe(IMAGE))
    digest = attach(body, made.payload, tag="")

    event = take_in(repository, digest, "")

    assert event.state == State.DONE
    (row,) = ImageSignature.objects.held_by(repository)
    assert row.subject_digest == str(IMAGE)
    assert noticed() == [(repository.full_name, str(IMAGE))]


def test_signatures_listed_under_the_referrers_tag_are_kept(attach, repository):
    """So clients attach where a registry has no referrers API."""
    made = signing.sign(signing.new_key(), IMAGE)
    body = signing.manifest_of(made, subject=_describe(IMAGE))
    child = attach(body, made.payload, tag="")
    size = len(json.dumps(body).encode())
    index = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": [_describe(child) | {"size": size}],
    }
    tag = str(IMAGE).replace(":", "-")
    take_in(repository, attach(index, tag=tag), tag)
    (row,) = ImageSignature.objects.held_by(repository)
    assert row.manifest.digest == str(child)
    assert noticed() == [(repository.full_name, str(IMAGE))]


def _describe(digest: Digest) -> dict[str, Any]:
    return {"mediaType": MediaType.OCI_MANIFEST, "digest": str(digest), "size": 500}


def test_the_same_signature_is_kept_once_for_all_who_hold_it(
    registry, attach, repository
):
    made = signing.sign(signing.new_key(), IMAGE)
    digest = attached(attach, made, made)
    take_in(repository, digest, signing.tag_of(IMAGE))
    take_in(repository, digest, signing.tag_of(IMAGE))
    assert ImageSignature.objects.count() == 1


def test_what_is_held_elsewhere_is_not_held_here(attach, repository):
    digest = attached(attach, signing.sign(signing.new_key(), IMAGE))
    take_in(repository, digest, signing.tag_of(IMAGE))
    other = make_repository(name="other/website")
    assert not ImageSignature.objects.held_by(other).exists()


@pytest.mark.parametrize(
    "payload",
    [
        b"no JSON at all",
        signing.payload_of(IMAGE, type="atomic container signature"),
        signing.payload_of(IMAGE) + b" " * MAX_PAYLOAD_BYTES,
    ],
    ids=["garbage", "another type", "huge"],
)
def test_what_cannot_be_read_is_no_signature_and_no_obstacle(
    attach, repository, payload
):
    good = signing.sign(signing.new_key(), IMAGE)
    digest = attached(attach, signing.Signature(payload, b"signature"), good)

    event = take_in(repository, digest, signing.tag_of(IMAGE))

    assert (event.state, event.error) == (State.DONE, "")
    (row,) = ImageSignature.objects.held_by(repository)
    assert bytes(row.payload) == good.payload


def test_a_payload_larger_than_it_says_is_not_read(attach, repository):
    """The registry does not compare a layer's size with the blob's."""
    large = signing.payload_of(IMAGE) + b" " * MAX_PAYLOAD_BYTES
    made = signing.Signature(large, b"signature")
    layer = signing.layer_of(made) | {"size": 10}
    body = signing.manifest_of(layers=[layer])
    digest = attach(body, large, tag=signing.tag_of(IMAGE))
    assert take_in(repository, digest, signing.tag_of(IMAGE)).state == State.DONE
    assert not ImageSignature.objects.exists()


def test_of_very_many_signatures_the_first_are_kept(attach, repository):
    payload = signing.payload_of(IMAGE)
    made = [signing.Signature(payload, bytes([number])) for number in range(1, 40)]
    digest = attached(attach, *made)
    take_in(repository, digest, signing.tag_of(IMAGE))
    assert ImageSignature.objects.count() == MAX_SIGNATURES


def _manifests_only(raw: bytes, digest: Digest) -> Callable[[Any], None]:
    headers = {
        "Content_Type": MediaType.OCI_MANIFEST,
        "Docker_Content_Digest": str(digest),
    }

    def answering(handler: Any) -> None:
        if "/blobs/" in handler.path:
            handler.reply(503)
        else:
            handler.reply(200, raw, **headers)

    return answering


def test_a_registry_that_fails_for_a_while_is_asked_again(
    registry, attach, repository, settings, make_server
):
    """Its manifests answer and its blobs do not: nothing may be kept of that."""
    made = signing.sign(signing.new_key(), IMAGE)
    digest = attached(attach, made)
    event = report(
        repository=repository.full_name, digest=digest, tag=signing.tag_of(IMAGE)
    )
    raw = json.dumps(signing.manifest_of(made)).encode()

    server = make_server(_manifests_only(raw, digest))
    with registry_at(settings, server.url):
        ingest.process(event_id=event.event_id)
    event.refresh_from_db()
    assert event.state == State.PENDING
    assert "/blobs/" in server.seen[-1].path
    assert not Manifest.objects.filter(digest=str(digest)).exists()

    RegistryEvent.objects.filter(pk=event.pk).update(due_at=None)
    ingest.process(event_id=event.event_id)
    event.refresh_from_db()
    assert event.state == State.DONE
    assert ImageSignature.objects.held_by(repository).count() == 1


def test_an_image_asks_the_registry_for_no_payloads(registry, repository, make_image):
    image = make_image("a")
    digest = registry.push(image, repository.full_name, "1.0")
    asked = client().meter.requests_made
    manifests.store(repository=repository, digest=digest, client=client())
    assert client().meter.requests_made - asked == 2  # the manifest, its configuration
    assert noticed() == []


def test_an_attachment_that_goes_is_news_too(registry, attach, repository):
    digest = attached(attach, signing.sign(signing.new_key(), IMAGE))
    tag = signing.tag_of(IMAGE)
    take_in(repository, digest, tag)
    AttachmentNotice.objects.update(noticed_at="2026-01-01T00:00:00Z")
    registry.client.delete_manifest(RepositoryName.parse(repository.full_name), digest)

    ingested(repository=repository.full_name, action="delete", digest=digest, tag=tag)

    assert AttachmentNotice.objects.get().noticed_at is None
