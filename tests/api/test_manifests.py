"""Manifests of a repository: listed, and deleted with their tags."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from repositories.models import IndexChild, RepositoryManifest, Tag, TagMove
from repositories.registry import RegistryError
from repositories.services import deletion
from tests.api import factories
from tests.api.swagger import assert_is

MANIFESTS = "/api/v0/repositories/dev/website/manifests"


@pytest.fixture
def deleted(monkeypatch) -> list[str]:
    """Return the digests that the registry was told to delete."""
    told: list[str] = []
    monkeypatch.setattr(
        deletion, "_delete_manifest", lambda _name, digest: told.append(str(digest))
    )
    return told


def error(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["errors"][0]
    return found


def test_manifests_are_those_the_repository_holds(world):
    image = factories.manifest(world.website, "mine")
    factories.manifest(world.private, "not mine")
    client = world.client("drew")
    (shown,) = client.get("/api/v0/repositories/dev/website/manifests").json()
    assert shown["digest"] == image.digest
    assert_is("responses.Manifest", shown)


@pytest.mark.parametrize("by_tag", [True, False])
def test_who_may_write_deletes_a_manifest_with_its_tags(world, deleted, by_tag):
    image = factories.manifest(world.website, "mine")
    for tag in ("v1", "stable"):
        factories.push(world.website, tag, image)
    other = factories.push(world.website, "v2")
    reference = "v1" if by_tag else image.digest
    client = world.client("dana")
    assert client.delete(f"{MANIFESTS}/{reference}").status_code == 204
    assert deleted == [image.digest]
    assert list(Tag.objects.all()) == [other]
    gone = TagMove.objects.filter(tag="stable").latest("id")
    assert (gone.to_manifest, gone.moved_by) == (None, "dana")
    held = [one["digest"] for one in client.get(MANIFESTS).json()]
    assert held == [other.manifest.digest]
    entry = AuditEvent.objects.get(action="delete", object_name=image.digest)
    assert sorted(entry.before["tags"]) == ["stable", "v1"]


def test_what_is_not_held_is_not_deleted(world, deleted):
    elsewhere = factories.push(world.private, "v1").manifest
    client = world.client("dana")
    for reference in (elsewhere.digest, "absent"):
        response = client.delete(f"{MANIFESTS}/{reference}")
        assert (response.status_code, error(response)["code"]) == (404, "NO_SUCH_REF")
    assert deleted == []


@pytest.mark.parametrize("reference", ["sha256:abc", "md5:" + "0" * 32, "a:b"])
def test_what_is_no_digest_is_said_so(world, deleted, reference):
    response = world.client("dana").delete(f"{MANIFESTS}/{reference}")
    assert (response.status_code, error(response)["code"]) == (400, "INVALID_DIGEST")
    assert deleted == []


def test_a_reader_deletes_no_manifest(world, deleted):
    factories.push(world.website, "v1")
    assert world.client("drew").delete(f"{MANIFESTS}/v1").status_code == 403
    assert deleted == []


def test_what_an_immutable_tag_points_to_stays(world, deleted):
    image = factories.manifest(world.website, "mine")
    for tag in ("v1", "stable"):
        factories.push(world.website, tag, image)
    type(world.website).objects.update(immutable_tags=["stab*"])
    response = world.client("olga").delete(f"{MANIFESTS}/v1")
    assert response.status_code == 403
    assert "stable" in error(response)["message"]
    assert deleted == []
    assert Tag.objects.count() == 2


def test_what_an_index_consists_of_stays(world, deleted):
    child = factories.manifest(world.website, "amd64")
    index = factories.index(world.website, child)
    IndexChild.objects.get_or_create(index=index, child=child)
    client = world.client("olga")
    response = client.delete(f"{MANIFESTS}/{child.digest}")
    assert response.status_code == 400
    assert index.digest in error(response)["message"]
    for one in (index, child):
        assert client.delete(f"{MANIFESTS}/{one.digest}").status_code == 204
    assert deleted == [index.digest, child.digest]
    assert not RepositoryManifest.objects.filter(gone_at__isnull=True).exists()


def test_nothing_changes_while_the_registry_is_away(world, monkeypatch):
    def away(_name: object, _digest: object) -> None:
        raise RegistryError("UNREACHABLE", "The registry does not answer.")

    monkeypatch.setattr(deletion, "_delete_manifest", away)
    factories.push(world.website, "v1")
    response = world.client("dana").delete(f"{MANIFESTS}/v1")
    assert response.status_code == 503
    assert Tag.objects.count() == 1
