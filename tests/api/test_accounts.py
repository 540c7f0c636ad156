"""`/accounts` and `/index`: rights, settings, all of an account; finding by name."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.access import SYSTEM, TokenScope
from accounts.models import Organization, User
from accounts.services import access_tokens
from repositories.models import Repository
from tests.api import factories
from tests.api.swagger import assert_is

ACCOUNTS = "/api/v0/accounts"
INDEX = "/api/v0/index"


def code(response: Any) -> str:
    found: str = response.json()["errors"][0]["code"]
    return found


# --- What MSR keeps of an account -------------------------------------------------


def test_the_portal_speaks_english(world):
    response = world.client("eve").get(f"{ACCOUNTS}/language")
    assert_is("responses.Language", response.json())
    assert response.json() == {"language": "en"}


@pytest.mark.parametrize("who", ["dana", "root"])
def test_a_users_settings_are_shown_and_stay(world, who):
    client = world.client(who)
    path = f"{ACCOUNTS}/dana/settings"
    assert_is("responses.UserSettings", client.get(path).json())
    for sent in ({}, {"contentCacheUUID": ""}, {"theme": "dark"}):
        assert client.patch(path, sent).status_code == 200
    response = client.patch(path, {"contentCacheUUID": "5c0e1c1b"})
    assert (response.status_code, code(response)) == (400, "INVALID_USER_SETTINGS")


def test_settings_of_others_are_for_administrators(world):
    for name in ("dana", "absent"):
        path = f"{ACCOUNTS}/{name}/settings"
        assert world.client("olga").get(path).status_code == 403
    response = world.client("root").get(f"{ACCOUNTS}/absent/settings")
    assert (response.status_code, code(response)) == (404, "NO_SUCH_USER")


def test_an_administrator_deletes_accounts(world):
    client = world.client("root")
    assert client.delete(f"{ACCOUNTS}/qa").status_code == 400
    assert client.delete(f"{ACCOUNTS}/qa/repositories").status_code == 204
    for name in ("qa", "qa", "eve", "absent"):
        assert client.delete(f"{ACCOUNTS}/{name}").status_code == 204
    assert not Organization.objects.filter(namespace__name="qa").exists()
    assert not User.objects.get(username="eve").is_active


@pytest.mark.parametrize(("who", "status"), [("olga", 204), ("dana", 403)])
def test_all_repositories_are_deleted_by_who_administers_them(world, who, status):
    response = world.client(who).delete(f"{ACCOUNTS}/dev/repositories")
    assert response.status_code == status
    live = Repository.objects.live().filter(namespace__name="dev")
    assert live.exists() == (status == 403)
    assert Repository.objects.live().filter(namespace__name="qa").exists()


# --- Who may do what --------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "repository", "level"),
    [
        ("olga", "dev/secret", "admin"),
        ("dana", "dev/team/app", "read-write"),
        ("drew", "dev/website", "read-only"),
        ("eve", "dev/open", "read-only"),
    ],
)
def test_a_user_is_told_its_level(world, who, repository, level):
    namespace, _, name = repository.partition("/")
    path = f"{ACCOUNTS}/{who}/repositoryAccess/{namespace}/{name.replace('/', '%2F')}"
    for client in (world.client(who), world.client("root")):
        body = client.get(path).json()
        assert_is("responses.RepoUserAccess", body)
        assert (body["accessLevel"], body["user"]["name"]) == (level, who)


def test_who_pushes_where_only_promotions_do_is_still_told_read_write(world):
    Repository.objects.filter(pk=world.website.pk).update(promotions_only=True)
    path = f"{ACCOUNTS}/dana/repositoryAccess/dev/website"
    assert world.client("dana").get(path).json()["accessLevel"] == "read-write"


@pytest.mark.parametrize("who", ["eve", "root"])
def test_without_access_there_is_no_repository(world, who):
    response = world.client(who).get(f"{ACCOUNTS}/eve/repositoryAccess/dev/website")
    assert (response.status_code, code(response)) == (404, "NO_SUCH_REPOSITORY")


def test_the_access_of_others_is_for_administrators(world):
    for name in ("dana", "absent"):
        path = f"{ACCOUNTS}/{name}/repositoryAccess/dev/website"
        assert world.client("olga").get(path).status_code == 403


TEAM = f"{ACCOUNTS}/dev/teams/visitors/repositoryAccess"


def test_a_teams_repositories_are_listed_with_its_level(world):
    visitors = world.dev.teams.get(name="visitors")
    factories.grant(visitors, "read_only", world.website)
    factories.grant(visitors, "admin", world.app)
    factories.grant(visitors, "scan", world.private)
    for who, is_mine in (("mila", True), ("olga", False), ("root", False)):
        response = world.client(who).get(f"{TEAM}?count=true")
        body = response.json()
        assert_is("responses.ListTeamRepoAccess", body)
        assert body["team"]["clientUserIsMember"] == is_mine
        levels = {
            one["repository"]["name"]: one["accessLevel"]
            for one in body["repositoryAccessList"]
        }
        assert levels == {"website": "read-only", "team/app": "admin"}
        assert response.headers["X-Resource-Count"] == "2"


@pytest.mark.parametrize(
    ("who", "status"), [("dana", 403), ("quentin", 404), ("eve", 404), ("", 401)]
)
def test_a_teams_repositories_are_for_the_team_and_admins(world, who, status):
    assert world.client(who).get(TEAM).status_code == status


def test_a_team_of_another_organization_is_none_of_this(world):
    response = world.client("ada").get(TEAM.replace("visitors", "testers"))
    assert (response.status_code, code(response)) == (404, "NO_SUCH_TEAM")


# --- Finding ----------------------------------------------------------------------


def autocomplete(client: Any, query: str, **more: Any) -> tuple[set[str], set[str]]:
    """Return the names of repositories and of accounts that were found."""
    response = client.get(f"{INDEX}/autocomplete", {"query": query, **more})
    assert response.status_code == 200
    body = response.json()
    assert_is("responses.Autocomplete", body)
    found = body.get("repositoryResults", ())
    repositories = {f"{one['namespace']}/{one['name']}" for one in found}
    return repositories, {one["name"] for one in body.get("accountResults", ())}


def test_autocomplete_finds_what_the_client_may_see(world):
    both = {"dev/website", "qa/website"}
    assert autocomplete(world.client("root"), "web") == (both, set())
    assert autocomplete(world.client("dana"), "web") == ({"dev/website"}, set())
    assert autocomplete(world.client("eve"), "web") == (set(), set())
    assert autocomplete(world.client("eve"), "open") == ({"dev/open"}, set())


def test_autocomplete_finds_accounts_that_the_client_may_know(world):
    assert autocomplete(world.client("root"), "quin")[1] == {"quinn"}
    assert autocomplete(world.client("quentin"), "qu")[1] == {"quinn", "quentin"}
    assert autocomplete(world.client("olga"), "qu")[1] == set()


def test_autocomplete_is_narrowed(world):
    client = world.client("root")
    assert autocomplete(client, "web", namespace="qa")[0] == {"qa/website"}
    assert autocomplete(client, "dev/web")[0] == {"dev/website"}
    assert autocomplete(client, "qa", includeAccounts=False) == (set(), set())
    assert autocomplete(client, "web", includeRepositories=False) == (set(), set())
    assert len(autocomplete(client, "e", limit=2)[1]) == 2


HOSTILE = ["%", "_", "\\", "'; DROP TABLE", "x" * 10_000, "é\u202e", "/" * 300, ":@/"]


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_find_nothing_and_harm_nothing(world, word):
    assert autocomplete(world.client("root"), word) == (set(), set())
    response = world.client("root").get(f"{INDEX}/dockersearch", {"q": word})
    assert (response.status_code, response.json()["results"]) == (200, [])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("autocomplete", {}),
        ("autocomplete", {"query": "a\0b"}),
        ("autocomplete", {"query": "a", "limit": 0}),
        ("dockersearch", {}),
        ("dockersearch", {"q": "\0"}),
    ],
)
def test_what_is_no_query_is_refused(world, path, query):
    response = world.client("root").get(f"{INDEX}/{path}", query)
    assert (response.status_code, code(response)) == (400, "INVALID_PARAMETERS")


def test_docker_search_answers_what_docker_reads(world):
    Repository.objects.filter(pk=world.website.pk).update(short_description="A site")
    body = world.client("dana").get(f"{INDEX}/dockersearch", {"q": "site"}).json()
    assert_is("responses.DockerSearch", body)
    assert (body["num_results"], body["query"]) == (1, "site")
    (one,) = body["results"]
    assert (one["name"], one["description"]) == ("dev/website", "A site")


def test_a_token_of_one_namespace_finds_only_there(world):
    issued = access_tokens.issue(
        actor=SYSTEM,
        user=world.people.ada,
        label="t",
        scopes=[TokenScope.API, TokenScope.PULL],
        namespace=world.dev.namespace,
    )
    client = world.client("ada", issued.secret)
    assert autocomplete(client, "web") == ({"dev/website"}, set())
    assert autocomplete(client, "qu")[1] == set()
