"""Tags of a repository."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from repositories.models import ManifestLayer, Provenance
from repositories.services import deletion
from tests.api import factories
from tests.api.swagger import assert_is

TAGS = "/api/v0/repositories/dev/website/tags"
POLICY = UUID("6a1d7f0e-9d5c-4b55-8a0e-3a1c5a4cf0aa")


def test_a_tag_is_listed_in_msrs_shape(world):
    tag = factories.push(world.website, "v1", by="dana")
    (shown,) = world.client("drew").get(TAGS).json()
    assert_is("responses.ListTag", shown)
    assert shown["author"] == "dana"
    assert shown["updatedAt"].endswith("Z")
    assert shown["manifest"] == {"digest": tag.manifest.digest}
    assert "promotion" not in shown


def test_manifests_are_included_when_asked_for(world):
    image = factories.manifest(world.website, "x", image_author="someone")
    factories.push(world.website, "v1", image)
    (shown,) = world.client("drew").get(f"{TAGS}?includeManifests=true").json()
    assert_is("responses.ListTag", shown)
    assert shown["manifest"]["architecture"] == "amd64"
    assert shown["manifest"]["author"] == "someone"


@pytest.mark.parametrize("policy", [POLICY, None], ids=["by a policy", "by hand"])
def test_a_promoted_tag_says_whence_even_to_who_cannot_go_there(world, policy):
    promotion = uuid4()
    Provenance.objects.create(
        promotion_uuid=promotion,
        policy_uuid=policy,
        source_repository="dev/website",
        source_tag="v1-stable",
    )
    tag = factories.push(world.target, "v1", by=f"promotion:{promotion}")
    (shown,) = world.client("quinn").get("/api/v0/repositories/qa/website/tags").json()
    assert_is("responses.ListTag", shown)
    assert shown["promotion"] == {
        "promotionPolicyID": str(policy or ""),
        "sourceRepository": "dev/website",
        "sourceTag": "v1-stable",
        "string": tag.manifest.digest,
    }
    assert shown["author"] == ""


def test_one_tag_is_a_list_of_one(world):
    factories.push(world.website, "v1")
    (shown,) = world.client("drew").get(f"{TAGS}/v1").json()
    assert_is("responses.Tag", shown)


def test_a_digest_answers_all_of_its_tags(world):
    image = factories.manifest(world.website, "same")
    for name in ("v1", "latest"):
        factories.push(world.website, name, image)
    factories.push(world.website, "other")
    found = world.client("drew").get(f"{TAGS}/{image.digest}").json()
    assert {tag["name"] for tag in found} == {"v1", "latest"}


@pytest.mark.parametrize(
    ("query", "architectures"),
    [
        ("", ["amd64", "arm64"]),
        ("?os=linux&arch=arm64", ["arm64"]),
        ("?os=windows", []),
    ],
)
def test_an_index_is_shown_once_per_platform(world, query, architectures):
    platforms = (("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown"))
    children = [
        factories.manifest(
            world.website,
            architecture,
            os=os,
            architecture=architecture,
            config_digest="sha256:1",
        )
        for os, architecture in platforms
    ]
    factories.push(world.website, "v1", factories.index(world.website, *children))
    found = world.client("drew").get(f"{TAGS}/v1{query}").json()
    assert [tag["manifest"]["architecture"] for tag in found] == architectures
    assert {tag["name"] for tag in found} <= {"v1"}


def test_one_tag_says_what_its_layers_were_made_by(world):
    tag = factories.push(world.website, "v1")
    ManifestLayer.objects.create(
        manifest=tag.manifest,
        position=0,
        digest="sha256:" + "a" * 64,
        media_type="application/vnd.oci.image.layer.v1.tar+gzip",
        size=12,
        created_by="COPY . /app",
    )
    (shown,) = world.client("drew").get(f"{TAGS}/v1").json()
    assert_is("responses.Tag", shown)
    (line,) = shown["manifest"]["dockerfile"]
    assert (line["line"], line["size"], line["isEmpty"]) == ("COPY . /app", 12, False)
    (listed,) = world.client("drew").get(f"{TAGS}?includeManifests=true").json()
    assert "dockerfile" not in listed["manifest"]


def test_an_index_none_of_whose_images_is_held_is_shown_itself(world):
    elsewhere = factories.manifest(world.private, "elsewhere")
    row = factories.index(world.website, elsewhere)
    factories.push(world.website, "v1", row)
    (shown,) = world.client("drew").get(f"{TAGS}/v1").json()
    assert shown["manifest"]["digest"] == row.digest


@pytest.mark.parametrize("name", ["tags", "manifests", "promotions", "promotion"])
def test_a_tag_may_be_called_like_an_operation(world, name):
    factories.push(world.website, name)
    (shown,) = world.client("drew").get(f"{TAGS}/{name}").json()
    assert shown["name"] == name


def test_tags_of_a_name_with_slashes(world):
    factories.push(world.app, "v1")
    client = world.client("dana")
    (shown,) = client.get("/api/v0/repositories/dev/team%2Fapp/tags").json()
    assert shown["name"] == "v1"
    assert client.get("/api/v0/repositories/dev/team/app/tags/v1").status_code == 200


def test_who_may_write_deletes_a_tag(world, monkeypatch):
    monkeypatch.setattr(deletion, "_delete_in_registry", lambda _name, _tag: None)
    factories.push(world.website, "v1")
    client = world.client("dana")
    assert client.delete(f"{TAGS}/v1").status_code == 204
    assert client.get(TAGS).json() == []


def test_a_reader_does_not_delete_a_tag(world):
    factories.push(world.website, "v1")
    assert world.client("drew").delete(f"{TAGS}/v1").status_code == 403


@pytest.mark.parametrize("what", ["tags?includeManifests=true&", "tags?", "manifests?"])
def test_the_number_of_queries_does_not_grow_with_the_list(
    world, what, django_assert_max_num_queries
):
    for number in range(30):
        factories.push(world.website, f"v{number}", by="dana")
    client = world.client("drew")
    url = f"/api/v0/repositories/dev/website/{what}pageSize=30"
    with django_assert_max_num_queries(8):
        assert len(client.get(url).json()) == 30
