"""The identity API: accounts, organizations, teams and members."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.access import SYSTEM, Actor, TokenScope
from accounts.models import AuditEvent, Namespace, Organization, Team, User
from accounts.services import access_tokens, organizations, robots
from tests.api import factories
from tests.api.swagger import assert_is

ACCOUNTS = "/enzi/v0/accounts"
DEV = f"{ACCOUNTS}/dev"
PASSWORD = "one more long password"


def names(body: dict[str, Any]) -> list[str]:
    return [one["name"] for one in body["accounts"]]


def members(body: dict[str, Any]) -> dict[str, bool]:
    return {one["member"]["name"]: one["isAdmin"] for one in body["members"]}


def with_token(world, who: str, *scopes: TokenScope, **values: Any):
    user = getattr(world.people, who)
    issued = access_tokens.issue(
        actor=SYSTEM, user=user, label="t", scopes=scopes or tuple(TokenScope), **values
    )
    return world.client(who, issued.secret)


# --- Reading accounts -------------------------------------------------------------


def test_administrators_list_every_account_by_name(world):
    body = world.client("root").get(ACCOUNTS, {"limit": 100}).json()
    for one in body["accounts"]:
        assert_is("responses.Account", one)
    assert names(body) == sorted([*vars(world.people), "dev", "qa"])
    counts = body["usersCount"], body["orgsCount"], body["resourceCount"]
    assert counts == (9, 2, 11)
    assert body["nextPageStart"] == ""


def test_an_organization_says_how_many_are_in_it(world):
    body = world.client("root").get(DEV).json()
    assert body == {
        "name": "dev",
        "id": str(world.dev.uuid),
        "fullName": "",
        "isOrg": True,
        "isAdmin": False,
        "isActive": True,
        "isImported": False,
        "membersCount": 3,
        "teamsCount": 2,
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("orgs", {"dev", "qa"}),
        ("admins", {"root"}),
        ("inactive-users", {"eve"}),
        ("active-users", {"ada", "root", "olga"}),
        ("non-admins", {"ada", "eve"}),
        ("users", {"ada", "eve", "root"}),
    ],
)
def test_accounts_are_filtered(world, wanted, found):
    User.objects.filter(username="eve").update(is_active=False)
    query = {"filter": wanted, "limit": 100}
    body = world.client("root").get(ACCOUNTS, query).json()
    assert found <= set(names(body))
    assert ("dev" in names(body)) == (wanted == "orgs")
    assert ("eve" in names(body)) == ("eve" in found)
    assert body["resourceCount"] == 11


def test_a_filter_that_is_none_is_refused(world):
    response = world.client("root").get(ACCOUNTS, {"filter": "everybody"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "INVALID_PARAMETERS"


def test_pages_lead_from_one_to_the_next(world):
    client, seen, start = world.client("root"), [], ""
    for _ in range(4):
        response = client.get(ACCOUNTS, {"limit": 3, "start": start})
        seen += names(response.json())
        start = response.headers.get("X-Next-Page-Start", "")
        assert start == response.json()["nextPageStart"]
    assert start == ""
    assert seen == sorted([*vars(world.people), "dev", "qa"])


@pytest.mark.parametrize("word", ["%", "_", "' OR 1=1", "é" * 100])
def test_what_is_looked_for_is_taken_as_it_is(world, word):
    body = world.client("root").get(ACCOUNTS, {"contains": word}).json()
    assert names(body) == []


def test_names_are_looked_for(world):
    organizations.update(actor=SYSTEM, organization=world.dev, full_name="The Makers")
    client = world.client("root")
    assert names(client.get(ACCOUNTS, {"contains": "MAKER"}).json()) == ["dev"]
    assert names(client.get(ACCOUNTS, {"contains": "quin"}).json()) == ["quinn"]


@pytest.mark.parametrize(
    ("who", "known"),
    [
        ("eve", {"eve"}),
        ("mila", {"mila", "dana", "olga", "dev"}),
        ("quinn", {"quinn", "quentin", "qa"}),
        ("drew", {"drew"}),
        ("ada", {"ada", "dev", "qa", "olga", "dana", "mila", "quentin", "quinn"}),
    ],
)
def test_others_know_only_whom_they_share_an_organization_with(world, who, known):
    client = world.client(who)
    assert set(names(client.get(ACCOUNTS, {"limit": 100}).json())) == known
    for name in [*vars(world.people), "dev", "qa"]:
        expected = 200 if name in known else 404
        assert client.get(f"{ACCOUNTS}/{name}").status_code == expected, name


def test_a_stranger_cannot_tell_what_exists(world):
    client = world.client("olga")
    for path in ("", "/members", "/teams", "/teams/testers", "/members/quinn"):
        found = client.get(f"{ACCOUNTS}/qa{path}")
        absent = client.get(f"{ACCOUNTS}/zz{path}")
        assert found.status_code == absent.status_code == 404
        assert found.content == absent.content.replace(b"zz", b"qa")
        assert found.json()["errors"][0]["code"] == "NO_SUCH_ACCOUNT"


def test_accounts_are_found_by_id(world):
    client = world.client("olga")
    for account in (world.dev, world.people.dana):
        body = client.get(f"{ACCOUNTS}/{account.uuid}").json()
        assert body["id"] == str(account.uuid)
    assert client.get(f"{ACCOUNTS}/{world.qa.uuid}").status_code == 404


def test_nobody_takes_the_place_of_another_by_the_name_of_an_id(world):
    factories.person(str(world.people.dana.uuid))
    body = world.client("root").get(f"{ACCOUNTS}/{world.people.dana.uuid}").json()
    assert body["name"] == "dana"


def test_who_is_not_signed_in_reads_nothing(world):
    for path in ("", "/dev", "/dev/members", "/dev/teams", "/nobody"):
        assert world.client().get(f"{ACCOUNTS}{path}").status_code == 401


def test_a_token_of_one_namespace_knows_only_that_organization(world):
    organizations.set_member(
        actor=SYSTEM, organization=world.qa, user=world.people.dana
    )
    limit = world.dev.namespace
    client = with_token(world, "dana", namespace=limit)
    known = set(names(client.get(ACCOUNTS, {"limit": 100}).json()))
    assert known == {"dev", "olga", "dana", "mila"}
    assert client.get(f"{ACCOUNTS}/qa/members").status_code == 404


def test_a_limited_token_of_an_administrator_does_not_know_everybody(world):
    client = with_token(world, "root", namespace=world.dev.namespace)
    assert client.get(f"{ACCOUNTS}/quinn").status_code == 404


def test_a_name_that_is_only_reserved_is_no_account(world):
    Namespace.objects.create(name="gone", kind="organization")
    assert world.client("root").get(f"{ACCOUNTS}/gone").status_code == 404


# --- Making and changing accounts -------------------------------------------------


def test_an_administrator_makes_an_organization_and_is_its_owner(world):
    sent = {"name": "ops", "fullName": "Operations", "isOrg": True, "password": ""}
    response = world.client("root").post(ACCOUNTS, sent)
    assert response.status_code == 201
    assert_is("responses.Account", response.json())
    assert response.json()["fullName"] == "Operations"
    assert Organization.objects.get(namespace__name="ops").primary_owner.is_superuser


def test_an_administrator_makes_a_user_who_signs_in(world):
    sent = {"name": "nora", "fullName": "Nora", "password": PASSWORD}
    response = world.client("root").post(ACCOUNTS, sent)
    assert response.status_code == 201
    assert response.json()["isAdmin"] is False
    client = world.client("nora", PASSWORD)
    assert client.get(f"{ACCOUNTS}/nora").json()["fullName"] == "Nora"


def test_a_user_may_be_made_inactive_and_without_a_password(world):
    sent = {"name": "nora", "isActive": False}
    assert world.client("root").post(ACCOUNTS, sent).json()["isActive"] is False
    nora = User.objects.get(username="nora")
    assert not nora.has_usable_password()


@pytest.mark.parametrize("password", ["short", "12345678901234", "password"])
def test_a_weak_password_is_refused(world, password):
    sent = {"name": "nora", "password": password}
    response = world.client("root").post(ACCOUNTS, sent)
    assert response.status_code == 400
    assert list(response.json()["errors"][0]["detail"]) == ["password"]
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.parametrize("is_org", [True, False])
def test_a_name_that_is_taken_says_so(world, is_org):
    for name in ("dev", "olga"):
        sent = {"name": name, "isOrg": is_org}
        response = world.client("root").post(ACCOUNTS, sent)
        assert response.status_code == 400
        assert response.json()["errors"][0]["code"] == "ACCOUNT_EXISTS"


def test_a_name_that_is_taken_in_this_moment_says_so(world, monkeypatch):
    """It was free when it was looked at, and is not when it is written."""
    for model in (Namespace, Team):
        monkeypatch.setattr(model, "full_clean", lambda _row, **_options: None)
    client = world.client("root")
    for path, sent, expected in (
        (ACCOUNTS, {"name": "olga"}, "ACCOUNT_EXISTS"),
        (ACCOUNTS, {"name": "dev", "isOrg": True}, "ACCOUNT_EXISTS"),
        (f"{DEV}/teams", {"name": "visitors"}, "TEAM_EXISTS"),
    ):
        response = client.post(path, sent)
        assert response.status_code == 400
        assert response.json()["errors"][0]["code"] == expected


def test_a_name_that_cannot_be_one_is_refused(world):
    response = world.client("root").post(ACCOUNTS, {"name": "No Name"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "INVALID_PARAMETERS"


@pytest.mark.parametrize("who", ["olga", "ada", "eve"])
def test_nobody_else_makes_or_deletes_accounts(world, who):
    client = world.client(who)
    for sent in ({"name": "ops", "isOrg": True}, {"name": "nora"}):
        assert client.post(ACCOUNTS, sent).status_code == 403
    for name in ("dev", "dana", "absent"):
        assert client.delete(f"{ACCOUNTS}/{name}").status_code == 403


def test_an_administrator_by_password_makes_administrators(world):
    client = world.client("root")
    assert client.patch(f"{ACCOUNTS}/ada", {"isAdmin": True}).json()["isAdmin"]
    sent = {"name": "nora", "isAdmin": True, "password": PASSWORD}
    assert client.post(ACCOUNTS, sent).json()["isAdmin"]
    assert not client.patch(f"{ACCOUNTS}/ada", {"isAdmin": False}).json()["isAdmin"]
    assert AuditEvent.objects.filter(action="set administrator").count() == 2


@pytest.mark.parametrize("who", ["olga", "ada", "mila"])
def test_nobody_becomes_an_administrator_by_their_own_hand(world, who):
    client = world.client(who)
    assert client.patch(f"{ACCOUNTS}/{who}", {"isAdmin": True}).status_code == 403
    assert not User.objects.get(username=who).is_superuser


def test_no_token_and_no_session_makes_an_administrator(world, client):
    token = with_token(world, "root")
    client.force_login(world.people.root)
    for one in (token, client):
        sent = {"name": "nora", "isAdmin": True}
        kind = {} if one is token else {"content_type": "application/json"}
        if one is client:
            nora = {"name": "nora", "password": PASSWORD}
            assert one.post(ACCOUNTS, nora, **kind).status_code == 403
        assert one.post(ACCOUNTS, sent, **kind).status_code == 403
        patched = one.patch(f"{ACCOUNTS}/ada", {"isAdmin": True}, **kind)
        assert patched.status_code == 403
    assert set(User.objects.filter(is_superuser=True)) == {world.people.root}


def test_a_bearer_made_from_a_password_makes_no_administrator(world):
    basic = world.client("root")
    bearer = basic.get("/auth/token").json()["token"]
    client = world.client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    assert client.get(f"{ACCOUNTS}/dana").status_code == 200
    assert client.patch(f"{ACCOUNTS}/dana", {"isAdmin": True}).status_code == 403
    sent = {"name": "nora", "isAdmin": True, "password": PASSWORD}
    assert client.post(ACCOUNTS, sent).status_code == 403


def test_a_token_of_an_administrator_makes_users(world):
    token = with_token(world, "root", TokenScope.API, TokenScope.ADMIN)
    assert token.post(ACCOUNTS, {"name": "nora"}).status_code == 201
    narrow = with_token(world, "root", TokenScope.API)
    assert narrow.post(ACCOUNTS, {"name": "ned"}).status_code == 403


def test_what_is_not_a_field_changes_nothing(world):
    sent = {"isSuperuser": True, "is_superuser": True, "isStaff": True, "name": "x"}
    sent |= {"password": "other", "id": str(UUID(int=1)), "fullName": "Dana D"}
    before = User.objects.get(username="dana")
    response = world.client("dana").patch(f"{ACCOUNTS}/dana", sent)
    assert response.json()["fullName"] == "Dana D"
    after = User.objects.get(username="dana")
    assert (after.uuid, after.password) == (before.uuid, before.password)
    assert (after.is_superuser, after.is_staff) == (False, False)


def test_nothing_sent_changes_nothing(world):
    events = AuditEvent.objects.count()
    for name in ("dana", "dev"):
        sent = {"fullName": None, "isActive": None, "isAdmin": None}
        for body in ({}, sent):
            path = f"{ACCOUNTS}/{name}"
            assert world.client("root").patch(path, body).status_code == 200
    assert AuditEvent.objects.count() == events


def test_users_are_disabled_by_administrators(world):
    client = world.client("root")
    assert not client.patch(f"{ACCOUNTS}/dana", {"isActive": False}).json()["isActive"]
    assert world.client("dana").get(ACCOUNTS).status_code == 401
    refused = client.patch(f"{ACCOUNTS}/root", {"isActive": False})
    assert refused.status_code == 400
    olga = world.client("olga")
    assert olga.patch(f"{ACCOUNTS}/mila", {"isActive": False}).status_code == 403


@pytest.mark.parametrize(
    ("who", "status"), [("olga", 200), ("ada", 200), ("mila", 403), ("quinn", 404)]
)
def test_an_organization_is_renamed_by_who_administers_it(world, who, status):
    response = world.client(who).patch(DEV, {"fullName": "Developers"})
    assert response.status_code == status


def test_an_organization_that_holds_repositories_stays(world):
    response = world.client("root").delete(DEV)
    assert response.status_code == 400
    assert (
        "dev/open” and 3 more must be deleted"
        in response.json()["errors"][0]["message"]
    )
    assert Organization.objects.filter(pk=world.dev.pk).exists()


def test_a_deleted_organization_leaves_its_name_reserved(world):
    client = world.client("root")
    assert client.delete("/api/v0/repositories/qa/website").status_code == 204
    assert client.delete(f"{ACCOUNTS}/qa").status_code == 204
    assert client.get(f"{ACCOUNTS}/qa").status_code == 404
    assert not Team.objects.filter(name="testers").exists()
    again = client.post(ACCOUNTS, {"name": "qa", "isOrg": True})
    (error,) = again.json()["errors"]
    assert error["code"] == "ACCOUNT_EXISTS"
    assert "stays reserved" in error["message"]


def test_an_organization_that_never_held_anything_gives_its_name_free(world):
    client = world.client("root")
    for _ in range(2):
        sent = {"name": "ops", "isOrg": True}
        assert client.post(ACCOUNTS, sent).status_code == 201
        assert client.delete(f"{ACCOUNTS}/ops").status_code == 204
    assert client.delete(f"{ACCOUNTS}/ops").status_code == 204


def test_robots_of_a_deleted_account_do_nothing_more(world):
    organization = organizations.create(
        actor=SYSTEM, name="ops", primary_owner=world.people.root
    )
    robot = robots.create(
        actor=Actor(world.people.root),
        namespace=organization.namespace,
        name="ci",
        expires_at=timezone.now() + timedelta(days=1),
    )
    client = world.client("root")
    assert client.get(f"{ACCOUNTS}/ops+ci").status_code == 404
    assert client.delete(f"{ACCOUNTS}/ops").status_code == 204
    robot.user.refresh_from_db()
    assert not robot.user.is_active


def test_a_deleted_user_has_nothing_left(world):
    token = with_token(world, "dana")
    factories.grant(world.people.dana, "admin", world.target)
    client = world.client("root")
    assert client.delete(f"{ACCOUNTS}/dana").status_code == 204
    assert token.get(ACCOUNTS).status_code == 401
    body = client.get(f"{ACCOUNTS}/dana").json()
    assert (body["isActive"], body["isAdmin"]) == (False, False)
    assert "dana" not in members(client.get(f"{DEV}/members").json())
    client.patch(f"{ACCOUNTS}/dana", {"isActive": True})
    seen = world.client("dana").get("/api/v0/repositories").json()["repositories"]
    assert [one["name"] for one in seen] == ["open"]


@pytest.mark.parametrize("name", ["olga", "root"])
def test_primary_owners_and_oneself_are_not_deleted(world, name):
    assert world.client("root").delete(f"{ACCOUNTS}/{name}").status_code == 400
    assert User.objects.get(username=name).is_active


# --- Members ----------------------------------------------------------------------


def test_members_see_who_is_in_their_organization(world):
    for who in ("mila", "olga", "ada", "root"):
        body = world.client(who).get(f"{DEV}/members").json()
        assert members(body) == {"olga": True, "dana": False, "mila": False}
        assert body["resourceCount"] == 3
        for one in body["members"]:
            assert_is("responses.Account", one["member"])


def test_members_are_filtered_and_come_in_pages(world):
    client = world.client("olga")
    admins = client.get(f"{DEV}/members", {"filter": "admins"}).json()
    assert members(admins) == {"olga": True}
    others = client.get(f"{DEV}/members", {"filter": "non-admins"}).json()
    assert set(members(others)) == {"dana", "mila"}
    seen, start = [], ""
    for _ in range(3):
        body = client.get(f"{DEV}/members", {"limit": 1, "start": start}).json()
        seen += list(members(body))
        start = body["nextPageStart"]
    assert (sorted(seen), start) == (["dana", "mila", "olga"], "")
    wrong = client.get(f"{DEV}/members", {"start": "dana"})
    assert wrong.status_code == 400


def test_an_owner_adds_changes_and_removes_a_member(world):
    client = world.client("olga")
    path = f"{DEV}/members/eve"
    assert client.get(path).json()["errors"][0]["code"] == "NO_SUCH_USER"
    assert client.put(path, {}).json()["isAdmin"] is False
    assert client.put(path, {"isAdmin": True}).json()["isAdmin"] is True
    assert client.put(path, {"isAdmin": None}).json()["isAdmin"] is True
    assert client.get(path).json()["member"]["name"] == "eve"
    assert world.client("eve").get(DEV).status_code == 200
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 204
    assert world.client("eve").get(DEV).status_code == 404


def test_the_primary_owner_stays_one(world):
    client = world.client("ada")
    path = f"{DEV}/members/olga"
    assert client.put(path, {"isAdmin": False}).status_code == 400
    assert client.delete(path).status_code == 400


@pytest.mark.parametrize(
    ("who", "status"), [("mila", 403), ("dana", 403), ("quentin", 404), ("", 401)]
)
@pytest.mark.parametrize("path", ["members/eve", "teams/visitors/members/eve"])
def test_nobody_else_changes_members(world, who, status, path):
    client = world.client(who)
    assert client.put(f"{DEV}/{path}", {"isAdmin": True}).status_code == status
    assert client.delete(f"{DEV}/{path}").status_code == status


def test_without_the_right_nobody_learns_who_exists(world):
    client = world.client("mila")
    there, absent = (client.put(f"{DEV}/members/{one}", {}) for one in ("eve", "zz"))
    assert there.content == absent.content


def test_a_token_without_the_scope_adds_nobody(world):
    client = with_token(world, "olga", TokenScope.API, TokenScope.PULL)
    assert client.get(f"{DEV}/members").status_code == 200
    assert client.put(f"{DEV}/members/eve", {}).status_code == 403


def test_who_is_disabled_or_unknown_is_not_added(world):
    User.objects.filter(username="eve").update(is_active=False)
    for name in ("eve", "absent", "dev"):
        response = world.client("olga").put(f"{DEV}/members/{name}", {})
        assert response.json()["errors"][0]["code"] == "NO_SUCH_USER"


def test_a_user_sees_its_organizations_and_others_those_in_common(world):
    organizations.set_member(
        actor=SYSTEM, organization=world.qa, user=world.people.mila
    )

    def seen(who: str) -> set[str]:
        body = world.client(who).get(f"{ACCOUNTS}/mila/organizations").json()
        return {one["org"]["name"] for one in body["memberOrgs"]}

    assert seen("mila") == seen("root") == {"dev", "qa"}
    assert seen("dana") == {"dev"}
    assert world.client("eve").get(f"{ACCOUNTS}/mila/organizations").status_code == 404
    body = world.client("mila").get(f"{ACCOUNTS}/mila/organizations").json()
    counts = {
        one["org"]["name"]: one["org"]["membersCount"] for one in body["memberOrgs"]
    }
    assert counts == {"dev": 3, "qa": 3}


# --- Teams ------------------------------------------------------------------------


def test_an_owner_makes_describes_renames_and_deletes_a_team(world):
    client = world.client("olga")
    sent = {"name": "ops", "description": "on call", "id": "", "membersCount": 0}
    made = client.post(f"{DEV}/teams", sent)
    assert made.status_code == 201
    body = made.json()
    assert body == {
        "orgID": str(world.dev.uuid),
        "name": "ops",
        "id": body["id"],
        "description": "on call",
        "membersCount": 0,
    }
    by_id = f"{ACCOUNTS}/{world.dev.uuid}/teams/{body['id']}"
    assert client.patch(by_id, {"name": "operators"}).json()["description"] == "on call"
    assert client.get(f"{DEV}/teams/operators").json()["id"] == body["id"]
    for _ in range(2):
        assert client.delete(by_id).status_code == 204
    assert client.get(by_id).json()["errors"][0]["code"] == "NO_SUCH_TEAM"


def test_teams_are_listed_by_name(world):
    client = world.client("mila")
    body = client.get(f"{DEV}/teams", {"limit": 1}).json()
    assert [one["name"] for one in body["teams"]] == ["developers"]
    assert (body["resourceCount"], body["nextPageStart"]) == (2, "visitors")
    assert body["teams"][0]["membersCount"] == 1


def test_a_team_of_another_organization_is_not_there(world):
    other = Team.objects.get(name="testers")
    client = world.client("ada")
    for name in ("testers", other.uuid):
        assert client.get(f"{DEV}/teams/{name}").status_code == 404
        assert client.put(f"{DEV}/teams/{name}/members/eve", {}).status_code == 404
        assert client.delete(f"{DEV}/teams/{name}").status_code == 204
    assert Team.objects.filter(pk=other.pk).exists()


def test_a_name_that_another_team_has_is_refused(world):
    client = world.client("olga")
    made = client.post(f"{DEV}/teams", {"name": "visitors"})
    renamed = client.patch(f"{DEV}/teams/developers", {"name": "visitors"})
    for response in (made, renamed):
        assert response.status_code == 400
        assert response.json()["errors"][0]["code"] == "TEAM_EXISTS"


@pytest.mark.parametrize(("who", "status"), [("mila", 403), ("quentin", 404)])
def test_nobody_else_changes_teams(world, who, status):
    client = world.client(who)
    assert client.post(f"{DEV}/teams", {"name": "ops"}).status_code == status
    path = f"{DEV}/teams/visitors"
    assert client.patch(path, {"description": "x"}).status_code == status
    assert client.delete(path).status_code == status


def test_an_owner_puts_people_into_a_team(world):
    client = world.client("olga")
    path = f"{DEV}/teams/visitors/members/{world.people.eve.uuid}"
    answer = client.put(path, {"isAdmin": False})
    assert (answer.status_code, answer.json()["member"]["name"]) == (200, "eve")
    body = client.get(f"{DEV}/teams/visitors/members").json()
    assert set(members(body)) == {"eve", "mila"}
    assert "eve" in members(client.get(f"{DEV}/members").json())
    admins = client.get(f"{DEV}/teams/visitors/members", {"filter": "admins"})
    assert members(admins.json()) == {}
    for _ in range(2):
        assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert "eve" in members(client.get(f"{DEV}/members").json())


# --- The rest ---------------------------------------------------------------------


def test_unknown_operations_are_answered_as_the_api_does(world):
    for path in ("/enzi/v0/", "/enzi/v0/scim/v2/Users", f"{DEV}/nothing", "/enzi/v1/x"):
        response = world.client("root").get(path)
        assert response.status_code == 404
        assert response.json()["errors"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "path", ["", "/dev/members", "/dev/teams", "/mila/organizations"]
)
def test_a_list_costs_the_same_whatever_its_length(
    world, path, django_assert_max_num_queries
):
    actor = Actor(world.people.root)
    for number in range(8):
        user = factories.person(f"person{number}")
        organizations.set_member(actor=actor, organization=world.dev, user=user)
    client = world.client("mila")
    with django_assert_max_num_queries(12):
        assert client.get(f"{ACCOUNTS}{path}", {"limit": 100}).status_code == 200
