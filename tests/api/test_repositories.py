"""Listing, creating, changing and deleting repositories."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.access import SYSTEM
from accounts.services import organizations
from repositories.models import Repository
from tests.api import factories
from tests.api.swagger import assert_is

ALL = {"dev/website", "dev/team/app", "dev/secret", "dev/open", "qa/website"}


def names(response: Any) -> set[str]:
    return {f"{r['namespace']}/{r['name']}" for r in response.json()["repositories"]}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("root", ALL),
        ("dana", ALL - {"qa/website"}),
        ("drew", {"dev/website", "dev/open"}),
        ("quinn", {"dev/open", "qa/website"}),
        ("eve", {"dev/open"}),
    ],
)
def test_everybody_lists_what_they_may_pull(world, who, seen):
    response = world.client(who).get("/api/v0/repositories")
    assert names(response) == seen
    assert_is("responses.Repositories", response.json())


def test_a_namespace_lists_only_its_own(world):
    response = world.client("ada").get("/api/v0/repositories/qa")
    assert names(response) == {"qa/website"}


@pytest.mark.parametrize("namespace", ["qa", "nowhere", "NO-NAME"])
def test_a_stranger_cannot_tell_a_namespace_from_none(world, namespace):
    response = world.client("drew").get(f"/api/v0/repositories/{namespace}")
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == "NO_SUCH_ACCOUNT"


def test_a_name_is_enough_to_create_a_private_repository(world):
    response = world.client("olga").post("/api/v0/repositories/dev", {"name": "fresh"})
    assert response.status_code == 201
    shown = response.json()
    assert_is("responses.Repository", shown)
    assert (shown["visibility"], shown["immutableTags"]) == ("private", False)
    assert shown["namespaceType"] == "organization"


def test_every_field_of_msr_is_taken_and_shown_again(world):
    sent = {
        "name": "team/deep/app",
        "shortDescription": "short",
        "longDescription": "long",
        "visibility": "public",
        "scanOnPush": True,
        "immutableTags": True,
        "enableManifestLists": False,
        "tagLimit": 5,
    }
    client = world.client("olga")
    client.post("/api/v0/repositories/dev", sent)
    shown = client.get("/api/v0/repositories/dev/team%2Fdeep%2Fapp").json()
    assert {key: shown[key] for key in sent} == sent


@pytest.mark.parametrize("path", ["dev/team%2Fapp", "dev/team/app"])
def test_a_name_with_slashes_may_be_percent_encoded(world, path):
    response = world.client("dana").get(f"/api/v0/repositories/{path}")
    assert response.json()["name"] == "team/app"


def test_a_member_without_the_right_is_told_which_is_missing(world):
    response = world.client("dana").post("/api/v0/repositories/dev", {"name": "fresh"})
    assert response.status_code == 403
    error = response.json()["errors"][0]
    assert error["code"] == "NOT_AUTHORIZED"
    assert "admin" in error["message"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"name": "website"}, "REPOSITORY_EXISTS"),
        ({"name": "Capital"}, "INVALID_PARAMETERS"),
        ({"name": "team/tags"}, "INVALID_PARAMETERS"),
        ({}, "INVALID_PARAMETERS"),
        ({"name": "x", "tagLimit": -1}, "INVALID_PARAMETERS"),
        ({"name": "x", "visibility": "hidden"}, "INVALID_REPOSITORY_VISIBILITY"),
    ],
)
def test_what_cannot_be_created_is_refused_with_msrs_code(world, sent, code):
    response = world.client("olga").post("/api/v0/repositories/dev", sent)
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == code


def test_the_field_that_is_wrong_is_named_as_msr_spells_it(world):
    sent = {"shortDescription": "x" * 300}
    response = world.client("olga").patch("/api/v0/repositories/dev/website", sent)
    assert list(response.json()["errors"][0]["detail"]) == ["shortDescription"]


def test_changing_one_field_leaves_the_others(world):
    factories.repository("dev/kept", short_description="kept", tag_limit=7)
    sent = {"visibility": "public", "nobodyKnows": 1}
    response = world.client("olga").patch("/api/v0/repositories/dev/kept", sent)
    assert response.status_code == 200
    shown = response.json()
    assert shown["visibility"] == "public"
    assert (shown["shortDescription"], shown["tagLimit"]) == ("kept", 7)


@pytest.mark.parametrize(
    ("before", "sent", "after"),
    [
        ([], {"immutableTags": True}, ["*"]),
        (["*"], {"immutableTags": False}, []),
        (["v*"], {"immutableTags": False}, ["v*"]),
        (["v*"], {"immutableTags": True}, ["*"]),
        ([], {"immutableTags": False, "immutableTagPatterns": ["v*"]}, ["v*"]),
    ],
)
def test_msrs_switch_leaves_patterns_alone_unless_it_moves(world, before, sent, after):
    repository = factories.repository("dev/patterned", immutable_tags=before)
    world.client("olga").patch("/api/v0/repositories/dev/patterned", sent)
    repository.refresh_from_db()
    assert repository.immutable_tags == after


def test_a_deleted_repository_is_gone(world):
    client = world.client("olga")
    assert client.delete("/api/v0/repositories/dev/website").status_code == 204
    assert client.get("/api/v0/repositories/dev/website").status_code == 404
    assert not Repository.objects.named("dev/website").exists()


def test_only_admins_delete(world):
    response = world.client("dana").delete("/api/v0/repositories/dev/website")
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["dev/open", "dev/open/tags", "dev/open/manifests"])
def test_anybody_reads_a_public_repository(world, path):
    assert world.client().get(f"/api/v0/repositories/{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["", "/dev", "/dev/secret", "/dev/absent", "/dev/open/promotions"]
)
def test_nobody_is_asked_to_sign_in_for_the_rest(world, path):
    response = world.client().get(f"/api/v0/repositories{path}")
    assert response.status_code == 401
    assert response.json()["errors"][0]["code"] == "NOT_AUTHENTICATED"
    assert "Basic" in response["WWW-Authenticate"]


def test_the_number_of_queries_does_not_grow_with_the_list(
    world, django_assert_max_num_queries
):
    for number in range(30):
        factories.repository(f"dev/more-{number}")
    client = world.client("dana")
    with django_assert_max_num_queries(4):
        response = client.get("/api/v0/repositories?pageSize=100&count=true")
    assert len(response.json()["repositories"]) == 34


def test_members_know_their_organization_without_repositories(world):
    factories.repository("qa/only", visibility="private")
    organizations.set_member(
        actor=SYSTEM, organization=world.qa, user=world.people.mila
    )
    response = world.client("mila").get("/api/v0/repositories/qa")
    assert (response.status_code, response.json()) == (200, {"repositories": []})
    made = world.client("mila").post("/api/v0/repositories/qa", {"name": "new"})
    assert made.status_code == 403
