"""The built-in scanner on a real registry: what it finds, and what it cannot see."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from repositories.models import LayerInventory, ManifestLayer, Scan
from repositories.registry import Digest, RepositoryName, parse_manifest
from repositories.registry.media_types import MediaType
from repositories.scanning import inventory
from repositories.services import manifests
from repositories.services.registry import client
from repositories.services.scans import built_in, requesting, running
from repositories.services.scans.job import Job, ScanFailed
from tests.factories import make_repository
from tests.repositories.scanning.inventory.layers import archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live_registry import LiveRegistry

pytestmark = pytest.mark.django_db

DEBIAN = {
    "etc/os-release": "ID=debian\nVERSION_ID=12\n",
    "var/lib/dpkg/status": (
        "Package: openssl\nStatus: install ok installed\nVersion: 3.0.1-1\n"
        "Architecture: amd64\n\n"
    ),
}
PYTHON = {
    "app/requests-2.19.1.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: requests\nVersion: 2.19.1\nLicense: Apache-2.0\n"
    )
}


def push(registry: LiveRegistry, repository, *layers: bytes, config=None, media=None):
    """Push an image, and store its manifest as after the notification."""
    name = RepositoryName.parse(repository.full_name)
    body = json.dumps(config or {"os": "linux", "architecture": "amd64"}).encode()
    for blob in (body, *layers):
        registry.push_blob(name, blob)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST,
        "config": described(MediaType.OCI_CONFIG, body),
        "layers": [described(media or MediaType.OCI_LAYER_GZIP, one) for one in layers],
    }
    raw = json.dumps(manifest).encode()
    digest = Digest.of(raw)
    parsed = parse_manifest(raw, MediaType.OCI_MANIFEST)
    registry.client.put_manifest(name, digest, parsed.raw, parsed.media_type)
    return manifests.store(repository=repository, digest=digest, client=client())


def described(media_type, content):
    digest = str(Digest.of(content))
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def layer(files: Mapping[str, str]) -> bytes:
    return gzip.compress(archive(files), mtime=0)


def scan(repository, image):
    (made,) = requesting.want(
        repository=repository, manifest=image, trigger=Scan.Trigger.PUSH, again=True
    )
    running.run(scan_id=made.pk)
    made.refresh_from_db()
    return made


def found(done):
    rows = done.contents.order_by("component__name")
    return [(one.component.name, one.component.version) for one in rows]


def test_it_lists_what_the_layers_hold(registry, repository):
    base, top = layer(DEBIAN), layer(PYTHON)
    image = push(registry, repository, base, top)

    done = scan(repository, image)

    assert (done.state, done.error) == ("completed", "")
    assert found(done) == [("openssl", "3.0.1-1"), ("requests", "2.19.1")]
    assert done.distribution == "debian 12"
    requests = done.contents.get(component__name="requests")
    assert requests.layer_digest == str(Digest.of(top))
    assert requests.path == next(iter(PYTHON))
    assert [one.name for one in requests.licenses.all()] == ["Apache-2.0"]
    assert done.coverage["components"] == {}


def test_a_layer_is_read_once_however_many_images_share_it(
    registry, repository, monkeypatch
):
    base = layer(DEBIAN)
    scan(repository, push(registry, repository, base))
    other = make_repository(name=f"{repository.full_name}-other")
    image = push(registry, other, base, layer(PYTHON))
    read = []

    def counted(pieces, *args, **kwargs):
        read.append(pieces)
        return inventory.read_layer(pieces, *args, **kwargs)

    monkeypatch.setattr(built_in, "read_layer", counted)

    done = scan(other, image)

    assert len(found(done)) == 2
    assert len(read) == 1


def test_layers_that_are_known_end_at_the_deadline_too(registry, repository):
    image = push(registry, repository, layer(DEBIAN))
    done = scan(repository, image)

    def late():
        raise ScanFailed("Too late.")

    with pytest.raises(ScanFailed, match="late"):
        built_in.run(Job(done, image, repository, late))


def test_vulnerabilities_without_advisories_are_unknown_not_none(registry, repository):
    done = scan(repository, push(registry, repository, layer(DEBIAN)))

    gap = done.coverage["vulnerabilities"]
    assert "no advisories" in gap["reason"]
    assert "load_advisories" in gap["remedy"]


def test_an_image_from_scratch_is_unknown_not_clean(registry, repository):
    done = scan(repository, push(registry, repository, layer({"app": "binary"})))

    assert done.state == "completed"
    for kind in ("components", "licenses", "vulnerabilities"):
        assert done.coverage[kind]["reason"]
    assert done.coverage["components"]["unscannable"] is True


def test_a_foreign_layer_is_said_to_be_missing(registry, repository):
    image = push(registry, repository, layer(DEBIAN))
    ManifestLayer.objects.create(
        manifest=image,
        position=1,
        digest=f"sha256:{'0' * 64}",
        media_type="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        size=1,
    )

    done = scan(repository, image)

    assert "foreign" in done.coverage["components"]["reason"]


def test_a_layer_that_is_called_foreign_and_is_held_is_read(registry, repository):
    image = push(registry, repository, layer(DEBIAN))
    foreign = MediaType.OCI_FOREIGN_LAYER_GZIP
    ManifestLayer.objects.update(media_type=foreign)

    done = scan(repository, image)

    assert done.coverage["components"] == {}
    assert done.component_count == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (layer(DEBIAN)[:-20], "ends"),
        (b"no archive at all" * 100, "archive"),
        (gzip.compress(b"\0" * 300_000_000, 9), "times"),
    ],
    ids=["truncated", "garbage", "bomb"],
)
def test_a_hostile_layer_ends_in_a_sentence(registry, repository, content, words):
    done = scan(repository, push(registry, repository, content))

    assert done.state == "failed"
    assert str(Digest.of(content)) in done.error
    assert words in done.error
    assert not LayerInventory.objects.exists()


def test_a_layer_that_is_gone_fails_the_scan(registry, repository, settings):
    settings.SCAN_ATTEMPTS = 1
    image = push(registry, repository, layer(DEBIAN))
    ManifestLayer.objects.update(digest=f"sha256:{'0' * 64}")

    done = scan(repository, image)

    assert done.state == "failed"
    assert done.error


def test_labels_and_history_of_a_platform_are_read(registry, repository):
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Labels": {"team": "web"}},
        "history": [{"created_by": "COPY . /"}, {"empty_layer": True}],
    }
    image = push(registry, repository, layer(DEBIAN), config=config)
    type(image).objects.filter(pk=image.pk).update(labels=None)
    ManifestLayer.objects.update(created_by="")

    scan(repository, image)

    image.refresh_from_db()
    assert image.labels == {"team": "web"}
    assert ManifestLayer.objects.get().created_by == "COPY . /"


def test_an_image_tells_its_platform_itself(registry, repository):
    image = push(registry, repository, layer(DEBIAN))
    said = {"os": "unknown", "architecture": "unknown", "variant": "v8"}
    type(image).objects.filter(pk=image.pk).update(labels=None, **said)

    scan(repository, image)

    image.refresh_from_db()
    assert image.platform == "linux/amd64"
