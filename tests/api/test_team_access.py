"""Which teams may do what: on repositories, and on whole namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import factories
from tests.api.swagger import assert_is

OF_REPOSITORY = "/api/v0/repositories/dev/website/teamAccess"
OF_NAMESPACE = "/api/v0/repositoryNamespaces/dev/teamAccess"


def levels(body: dict[str, Any]) -> dict[str, str]:
    return {one["team"]["name"]: one["accessLevel"] for one in body["teamAccessList"]}


def test_a_team_is_given_access_to_a_repository(world):
    client = world.client("olga")
    response = client.put(f"{OF_REPOSITORY}/visitors", {"accessLevel": "read-only"})
    assert response.status_code == 200
    assert_is("responses.ListRepoTeamAccess", response.json())
    assert levels(response.json()) == {"visitors": "read-only"}
    mila = world.client("mila")
    assert mila.get("/api/v0/repositories/dev/website").status_code == 200


def test_the_level_is_replaced_and_taken_away(world):
    client = world.client("olga")
    for level in ("read-write", "admin"):
        client.put(f"{OF_REPOSITORY}/visitors", {"accessLevel": level})
        assert levels(client.get(OF_REPOSITORY).json()) == {"visitors": level}
    assert client.delete(f"{OF_REPOSITORY}/visitors").status_code == 204
    assert levels(client.get(OF_REPOSITORY).json()) == {}
    assert client.delete(f"{OF_REPOSITORY}/visitors").status_code == 204


@pytest.mark.parametrize("url", [OF_REPOSITORY, OF_NAMESPACE])
@pytest.mark.parametrize(
    ("who", "status"), [("dana", 403), ("eve", 404), ("quentin", 404)]
)
def test_only_admins_give_access(world, url, who, status):
    sent = {"accessLevel": "admin"}
    response = world.client(who).put(f"{url}/visitors", sent)
    assert response.status_code == status


@pytest.mark.parametrize("url", [OF_REPOSITORY, OF_NAMESPACE])
@pytest.mark.parametrize("team", ["absent", "testers"])
def test_teams_of_others_do_not_exist(world, url, team):
    response = world.client("ada").put(f"{url}/{team}", {"accessLevel": "admin"})
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == "NO_SUCH_TEAM"


@pytest.mark.parametrize("level", ["scan", "owner", None])
def test_there_are_three_levels(world, level):
    sent = {"accessLevel": level}
    response = world.client("olga").put(f"{OF_REPOSITORY}/visitors", sent)
    assert response.status_code == 400
    assert list(response.json()["errors"][0]["detail"]) == ["accessLevel"]


def test_the_right_to_upload_reports_is_no_level(world):
    team = world.dev.teams.get(name="visitors")
    factories.grant(team, "scan", world.website)
    assert levels(world.client("olga").get(OF_REPOSITORY).json()) == {}


@pytest.mark.parametrize("who", ["dana", "mila", "olga"])
def test_members_see_who_may_work_in_their_namespace(world, who):
    response = world.client(who).get(OF_NAMESPACE)
    assert_is("responses.ListRepoNamespaceTeamAccess", response.json())
    assert levels(response.json()) == {"developers": "read-write"}
    (one,) = response.json()["teamAccessList"]
    assert one["team"]["clientUserIsMember"] == (who == "dana")


def test_a_team_is_given_access_to_a_namespace(world):
    client = world.client("olga")
    response = client.put(f"{OF_NAMESPACE}/visitors", {"accessLevel": "read-only"})
    assert_is("responses.NamespaceTeamAccess", response.json())
    assert response.json()["accessLevel"] == "read-only"
    assert client.delete(f"{OF_NAMESPACE}/visitors").status_code == 204
    assert client.get(f"{OF_NAMESPACE}/visitors").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("dana", 200), ("olga", 200), ("mila", 404)]
)
def test_a_teams_level_is_shown_to_the_team_and_admins(world, who, status):
    response = world.client(who).get(f"{OF_NAMESPACE}/developers")
    assert response.status_code == status


def test_a_users_namespace_has_no_teams(world):
    factories.repository("dana/mine")
    client = world.client("dana")
    namespace = "/api/v0/repositoryNamespaces/dana/teamAccess"
    repository = "/api/v0/repositories/dana/mine/teamAccess"
    sent = {"accessLevel": "read-only"}
    refused = [
        client.get(namespace),
        client.put(f"{namespace}/developers", sent),
        client.put(f"{repository}/developers", sent),
        client.delete(f"{repository}/developers"),
    ]
    assert [one.status_code for one in refused] == [400] * 4
    assert "organizations" in refused[0].json()["errors"][0]["message"]
    assert client.get(repository).json()["teamAccessList"] == []
