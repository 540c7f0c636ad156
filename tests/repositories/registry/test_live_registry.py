"""The client against a real registry, as production runs it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from repositories.registry import (
    Action,
    Digest,
    MediaType,
    Progress,
    RegistryClient,
    RegistryError,
    RepositoryName,
    ResourceScope,
    TagName,
    copy_image,
)

LATEST = TagName.parse("latest")
STABLE = TagName.parse("stable")


@pytest.fixture
def source():
    return RepositoryName.of("dev", f"source-{uuid.uuid4().hex}")


@pytest.fixture
def target():
    return RepositoryName.of("qa", f"target-{uuid.uuid4().hex}")


@pytest.fixture
def pushed(live_registry, client, source, make_image):
    """Push an image as source:latest."""
    image = make_image(source.name, layers=5)
    image.push(live_registry, source)
    client.put_manifest(source, LATEST, image.manifest.raw, image.manifest.media_type)
    return image.manifest


def test_a_token_of_ours_is_accepted(client):
    client.ping()


def test_a_token_of_the_past_is_refused(live_registry):
    def expired(scopes):
        then = datetime.now(UTC) - timedelta(hours=1)
        return live_registry.signer.sign(
            "tests", scopes, lifetime_seconds=60, now=then
        ).token

    client = RegistryClient(live_registry.url, expired)
    with pytest.raises(RegistryError) as refused:
        client.ping()
    assert (refused.value.code, refused.value.status) == ("UNAUTHORIZED", 401)
    assert not refused.value.temporary
    client.close()


def test_what_was_pushed_can_be_read(client, source, pushed):
    by_tag = client.get_manifest(source, LATEST)
    assert by_tag == client.get_manifest(source, pushed.digest) == pushed
    found = client.head_manifest(source, LATEST)
    assert (found.digest, found.media_type, found.size) == (
        pushed.digest,
        MediaType.OCI_MANIFEST,
        len(pushed.raw),
    )
    config = client.get_blob(source, pushed.config.digest, 10_000)
    assert json.loads(config)["author"] == source.name
    assert client.blob_exists(source, pushed.config.digest)


def test_what_was_never_pushed_is_absent(client, source, target, pushed):
    nowhere = Digest.of(b"never pushed")
    assert client.head_manifest(source, STABLE) is None
    assert client.head_manifest(source, nowhere) is None
    assert client.head_manifest(target, LATEST) is None
    assert not client.blob_exists(source, nowhere)
    with pytest.raises(RegistryError) as refused:
        client.get_manifest(source, STABLE)
    assert refused.value.code == "MANIFEST_UNKNOWN"


def test_missing_blobs_are_named(client, target, make_image):
    manifest = make_image(target.name).manifest
    with pytest.raises(RegistryError) as refused:
        client.put_manifest(target, LATEST, manifest.raw, manifest.media_type)
    assert refused.value.code == "MANIFEST_BLOB_UNKNOWN"
    assert set(refused.value.missing) == {blob.digest for blob in manifest.blobs}


def test_a_copy_mounts_what_is_missing(client, source, target, pushed):
    seen: list[Progress] = []
    report = copy_image(
        client,
        source=source,
        target=target,
        manifests=[pushed],
        tag=STABLE,
        on_progress=seen.append,
    )
    assert report.digest == pushed.digest
    assert (report.blobs_mounted, report.bytes_moved) == (6, 0)
    assert report.requests_made == 1 + 6 + 1
    assert client.get_manifest(target, STABLE) == pushed
    assert [progress.blobs_done for progress in seen] == [0, 1, 2, 3, 4, 5, 6]


def test_a_retag_costs_one_request(client, source, pushed):
    report = copy_image(
        client, source=source, target=source, manifests=[pushed], tag=STABLE
    )
    assert report.requests_made == 1
    assert client.head_manifest(source, STABLE).digest == pushed.digest


def test_a_rebuild_mounts_only_its_new_layer(
    live_registry, client, source, target, pushed, make_image
):
    copy_image(client, source=source, target=target, manifests=[pushed], tag=STABLE)
    rebuild = make_image(source.name, layers=6)
    rebuild.push(live_registry, source)
    report = copy_image(
        client, source=source, target=target, manifests=[rebuild.manifest], tag=STABLE
    )
    assert (report.blobs_mounted, report.requests_made) == (2, 4)  # layer and config


def test_an_index_is_copied_with_its_children(
    live_registry, client, source, target, make_image, make_index
):
    images = [make_image(f"{source.name} {n}") for n in range(3)]
    for image in images:
        image.push(live_registry, source)
    children = [image.manifest for image in images]
    index = make_index(*children)
    report = copy_image(
        client, source=source, target=target, manifests=[*children, index], tag=STABLE
    )
    assert report.digest == index.digest
    assert client.get_manifest(target, STABLE) == index
    for child in children:
        assert client.get_manifest(target, child.digest) == child


def test_a_blob_the_registry_does_not_mount_is_streamed(
    live_registry, client, source, target
):
    content = bytes(range(256)) * 5000
    digest = live_registry.push_blob(source, content)
    refused = client.mount_blob(Digest.of(b"unknown"), source=source, target=target)
    assert not refused.mounted
    seen: list[int] = []
    moved = client.stream_blob(
        digest,
        source=source,
        target=target,
        upload_location=refused.upload_location,
        on_bytes=seen.append,
    )
    assert moved == sum(seen) == len(content)
    assert client.get_blob(target, digest, len(content)) == content


def test_giving_up_drops_the_upload(live_registry, client, source, target):
    digest = live_registry.push_blob(source, b"content")
    begun = client.mount_blob(Digest.of(b"unknown"), source=source, target=target)
    operation = client.for_operation(
        ResourceScope.repository(source, Action.PULL),
        ResourceScope.repository(target, Action.PULL, Action.PUSH),
    )

    def give_up(_count):
        raise RegistryError("TIMEOUT")

    for code in ("TIMEOUT", "BLOB_UPLOAD_UNKNOWN"):
        with pytest.raises(RegistryError) as failed:
            operation.stream_blob(
                digest,
                source=source,
                target=target,
                upload_location=begun.upload_location,
                on_bytes=give_up if code == "TIMEOUT" else lambda _: None,
            )
        assert failed.value.code == code


def test_lost_lease_leaves_the_tag_unwritten(client, source, target, pushed):
    class LostLease(Exception):
        pass

    def lose(_progress):
        raise LostLease

    with pytest.raises(LostLease):
        copy_image(
            client,
            source=source,
            target=target,
            manifests=[pushed],
            tag=STABLE,
            on_progress=lose,
        )
    assert client.head_manifest(target, STABLE) is None


def test_listings(client, source, pushed):
    copy_image(client, source=source, target=source, manifests=[pushed], tag=STABLE)
    assert sorted(client.iter_tags(source)) == ["latest", "stable"]
    assert str(source) in set(client.iter_repositories())


def test_the_catalog_is_read_page_by_page(client, source, target, pushed, monkeypatch):
    copy_image(client, source=source, target=target, manifests=[pushed], tag=STABLE)
    whole = list(client.iter_repositories())
    monkeypatch.setattr("repositories.registry.client.PAGE_SIZE", 1)
    assert list(client.iter_repositories()) == whole
    assert {str(source), str(target)} <= set(whole)


def test_listing_the_tags_of_nothing(client, target):
    with pytest.raises(RegistryError) as refused:
        list(client.iter_tags(target))
    assert refused.value.code == "NAME_UNKNOWN"


def test_deletion(client, source, pushed):
    client.delete_manifest(source, pushed.digest)
    assert client.head_manifest(source, LATEST) is None
    with pytest.raises(RegistryError) as refused:
        client.delete_manifest(source, pushed.digest)
    assert refused.value.code == "MANIFEST_UNKNOWN"


def test_deleting_a_tag_works_or_is_unsupported(client, source, pushed):
    """Distribution 2.8 cannot, 3 can."""
    try:
        client.delete_tag(source, LATEST)
    except RegistryError as error:
        assert error.code == "UNSUPPORTED"  # noqa: PT017 - newer registries do not raise
        assert client.head_manifest(source, LATEST) is not None
    else:
        assert client.head_manifest(source, LATEST) is None


def test_an_index_of_indexes_is_copied(
    live_registry, client, source, target, make_image, make_index
):
    image = make_image(source.name)
    image.push(live_registry, source)
    inner = make_index(image.manifest)
    outer = make_index(inner)
    copy_image(
        client,
        source=source,
        target=target,
        manifests=[image.manifest, inner, outer],
        tag=STABLE,
    )
    assert client.get_manifest(target, STABLE) == outer
    assert client.get_manifest(target, inner.digest) == inner


def test_tokens_of_somebody_else_use_the_same_connections(live_registry, client):
    asked = []

    def tokens(scopes):
        asked.append(scopes)
        return live_registry.token(scopes)

    client.with_tokens(tokens).ping()
    assert asked == [()]
