"""Robots of a namespace: made, renewed, given access and tokens by its admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.access import SYSTEM, Action, Actor, TokenScope
from accounts.authentication import BadCredentials, sign_in
from accounts.models import AccessToken, AuditEvent, Namespace, Robot, User
from accounts.permissions import check
from accounts.services import access_tokens, organizations, robots, teams, users
from accounts.services import trusted_issuers as issuers
from tests.api import factories
from tests.sign_in.browser import Browser

URL = "/api/v0/repositoryNamespaces/dev/robots"
TRUSTS = "/api/v0/repositoryNamespaces/dev/ciTrusts"
ISSUER = "https://ci.example.com"
SOON = timedelta(days=30)


def end(days=30):
    return (timezone.now() + timedelta(days=days)).isoformat()


def make(client, name="ci", **values):
    response = client.post(URL, {"name": name, "expiresAt": end(), **values})
    assert response.status_code == 201, response.content
    return response.json()


def refused(response):
    return response.status_code, response.json()["errors"][0]["code"]


def token_for(client, **given):
    response = client.post(f"{URL}/ci/tokens", {"tokenLabel": "ci", **given})
    assert response.status_code == 201, response.content
    return response.json()


@pytest.fixture
def olga(world):
    return world.client("olga")


def test_a_robot_is_made_given_access_and_a_token_that_docker_and_the_api_take(
    world, olga
):
    robot = make(olga, description="pipeline")
    assert (robot["username"], robot["responsible"]) == ("dev+ci", "olga")
    assert (robot["isInCare"], robot["isActive"]) == (True, True)
    secret = token_for(olga)["token"]
    client = world.client("dev+ci", secret)
    assert client.get("/api/v0/repositories/dev/website").status_code == 404
    put = olga.put(
        f"{URL}/ci/access", {"accessLevel": "read-write", "repository": "website"}
    )
    assert put.json() == {
        "robot": "dev+ci",
        "access": [{"repository": "website", "accessLevel": "read-write"}],
    }
    assert client.get("/api/v0/repositories/dev/website").status_code == 200
    assert check(sign_in("dev+ci", secret), Action.PUSH, world.website)
    assert not check(sign_in("dev+ci", secret), Action.PUSH, world.private)
    actions = AuditEvent.objects.filter(namespace_uuid=world.dev.namespace.uuid)
    assert {"create", "grant"} <= set(actions.values_list("action", flat=True))


def test_its_access_is_listed_and_taken_away(olga):
    make(olga)
    for given in (
        {"accessLevel": "read-only"},
        {"accessLevel": "scan", "repository": "website"},
        {"accessLevel": "read-write", "repository": "team/app"},
    ):
        assert olga.put(f"{URL}/ci/access", given).status_code == 200
    assert olga.get(f"{URL}/ci/access").json()["access"] == [
        {"repository": None, "accessLevel": "read-only"},
        {"repository": "team/app", "accessLevel": "read-write"},
        {"repository": "website", "accessLevel": "scan"},
    ]
    for query in ("", "?repository=team/app", "?repository=website&kind=scan"):
        assert olga.delete(f"{URL}/ci/access{query}").status_code == 204
    assert olga.get(f"{URL}/ci/access").json()["access"] == []


@pytest.mark.parametrize("repository", ["nothing", "../qa/website", "a\0b"])
def test_access_is_given_in_its_own_namespace_alone(world, olga, repository):
    make(olga)
    given = {"accessLevel": "read-only", "repository": repository}
    response = olga.put(f"{URL}/ci/access", given)
    assert refused(response) in {
        (404, "NO_SUCH_REPOSITORY"),
        (400, "INVALID_PARAMETERS"),
    }
    robot = User.objects.get(username="dev+ci")
    with pytest.raises(ValidationError, match="only its own"):
        factories.grant(robot, "read_only", world.target)
    with pytest.raises(ValidationError, match="only its own"):
        factories.grant(robot, "admin", world.qa.namespace)


@pytest.mark.parametrize(
    ("who", "status"),
    [("ada", 201), ("root", 201), ("dana", 403), ("quentin", 404), ("", 401)],
)
def test_who_makes_robots(world, who, status):
    given = {"name": "ci", "expiresAt": end()}
    assert world.client(who).post(URL, given).status_code == status
    assert Robot.objects.count() == (status == 201)


@pytest.mark.parametrize("kind", ["token", "bearer"])
def test_a_token_makes_no_robot_and_no_token_of_one(world, olga, kind):
    make(olga)
    row = token_for(olga)
    mine = access_tokens.issue(
        actor=Actor(world.people.olga), user=world.people.olga, label="x"
    )
    client = world.client("olga", mine.secret)
    if kind == "bearer":
        bearer = olga.get("/auth/token").json()["token"]
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    one = f"{URL}/ci/tokens/{row['hashedToken']}"
    assert client.get(one).status_code == 200
    for response in (
        client.post(URL, {"name": "other", "expiresAt": end()}),
        client.patch(f"{URL}/ci", {"expiresAt": end(300)}),
        client.patch(f"{URL}/ci", {"takeOver": True}),
        client.post(f"{URL}/ci/tokens", {"tokenLabel": "x"}),
        client.patch(one, {"isActive": False}),
        client.delete(one),
    ):
        assert refused(response) == (403, "NOT_AUTHORIZED")


def test_a_robot_that_administers_makes_no_robots(world, olga):
    make(olga)
    olga.put(f"{URL}/ci/access", {"accessLevel": "admin"})
    client = world.client("dev+ci", token_for(olga)["token"])
    assert client.get(URL).status_code == 200
    given = {"name": "more", "expiresAt": end()}
    assert refused(client.post(URL, given)) == (403, "NOT_AUTHORIZED")
    response = client.post("/api/v0/api_tokens", {"tokenLabel": "x"})
    assert refused(response) == (403, "NOT_AUTHORIZED")


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "Upper"},
        {"name": "a+b"},
        {"name": "a/b"},
        {"name": "tags"},
        {"name": "x" * 65},
        {"description": "x" * 201},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": None},
        {"name": "taken"},
    ],
)
def test_a_robot_cannot_be_so(olga, given):
    make(olga, "taken")
    response = olga.post(URL, {"name": "ci", "expiresAt": end(), **given})
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert Robot.objects.count() == User.objects.filter(namespace=None).count() == 1


def test_a_name_that_is_too_long_with_its_namespace_is_refused(world):
    long = factories.organization("n" * 64, world.people.olga)
    with pytest.raises(ValidationError, match="at most 100 characters"):
        factories.robot(long, "r" * 36, world.people.olga)
    assert factories.robot(long, "r" * 35, world.people.olga).user.pk


def test_a_name_that_is_taken_in_this_moment_says_so(olga, monkeypatch):
    """It was free when it was looked at, and is not when it is written."""
    make(olga)
    monkeypatch.setattr(Robot, "full_clean", lambda _row, **_options: None)
    response = olga.post(URL, {"name": "ci", "expiresAt": end()})
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert "is taken" in response.json()["errors"][0]["message"]


def test_describing_it_does_not_enable_what_was_disabled_meanwhile(world, olga):
    make(olga)
    admin = Actor(world.people.olga)
    seen, same = (Robot.objects.select_related("user").get() for _ in range(2))
    robots.update(actor=admin, robot=same, is_active=False)
    robots.update(actor=admin, robot=seen, description="x")
    assert not User.objects.get(robot=seen).is_active


def test_robots_of_other_tenants_are_not_reached_by_nested_names(world, olga):
    theirs = factories.robot(world.qa, "deploy", world.people.quentin)
    token = factories.robot_token(theirs, world.people.quentin).row
    make(olga)
    for path in ("deploy", "deploy/tokens", "deploy/access"):
        assert refused(olga.get(f"{URL}/{path}")) == (404, "NO_SUCH_ROBOT")
    one = f"{URL}/ci/tokens/{token.uuid}"
    assert refused(olga.delete(one)) == (404, "NO_SUCH_API_TOKEN")
    assert AccessToken.objects.filter(pk=token.pk).exists()


# --- what ends it -------------------------------------------------------------------


def test_disabled_or_expired_it_gets_in_nowhere_at_once(world, olga):
    make(olga)
    secret = token_for(olga)["token"]
    client = world.client("dev+ci", secret)
    bearer = client.get("/auth/token").json()["token"]
    by_bearer = world.client()
    by_bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")

    def statuses():
        url = "/api/v0/repositories"
        return {one.get(url).status_code for one in (client, by_bearer)}

    assert statuses() == {200}
    olga.patch(f"{URL}/ci", {"isActive": False})
    assert statuses() == {401}
    olga.patch(f"{URL}/ci", {"isActive": True})
    assert statuses() == {200}
    Robot.objects.update(expires_at=timezone.now())
    assert statuses() == {401}
    olga.patch(f"{URL}/ci", {"expiresAt": end(5)})
    assert statuses() == {200}


def test_its_tokens_end_with_it_at_the_latest(olga):
    robot = make(olga)
    assert token_for(olga)["expiresAt"] == robot["expiresAt"]
    response = olga.post(f"{URL}/ci/tokens", {"expiresAt": end(31)})
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert token_for(olga, expiresAt=end(3))["expiresAt"] < robot["expiresAt"]
    response = olga.post(f"{URL}/ci/tokens", {"namespace": "qa"})
    assert refused(response) == (400, "INVALID_PARAMETERS")


def test_a_token_of_it_is_switched_off_and_deleted(world, olga):
    make(olga)
    body = token_for(olga, scopes=["api"])
    one = f"{URL}/ci/tokens/{body['hashedToken']}"
    assert olga.patch(one, {"isActive": False}).json()["isActive"] is False
    assert len(olga.get(f"{URL}/ci/tokens").json()) == 1
    assert olga.delete(one).status_code == 204
    assert refused(olga.get(one)) == (404, "NO_SUCH_API_TOKEN")
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", body["token"])


# --- it is no person ----------------------------------------------------------------


def test_it_signs_in_to_the_portal_by_no_way(world):
    robot = factories.robot(world.dev, "ci", world.people.olga).user
    assert not robot.has_usable_password()
    robot.set_password(factories.PASSWORD)  # as a bug or the database might
    robot.save()
    assert authenticate(username="dev+ci", password=factories.PASSWORD) is None
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", factories.PASSWORD)
    browser = Browser()
    browser.force_login(robot)
    assert browser.get("/profile").status_code == 302


def test_it_joins_nothing_and_owns_nothing(world):
    robot = factories.robot(world.dev, "ci", world.people.olga).user
    team = factories.team(world.dev, "bots")
    for join in (
        lambda: teams.add_member(actor=SYSTEM, team=team, user=robot),
        lambda: organizations.set_member(
            actor=SYSTEM, organization=world.dev, user=robot, is_owner=True
        ),
        lambda: organizations.create(actor=SYSTEM, name="new", primary_owner=robot),
    ):
        with pytest.raises(ValidationError, match="is a robot"):
            join()


@pytest.mark.parametrize("field", ["is_superuser", "is_staff"])
def test_the_database_lets_no_robot_administer(world, field):
    robot = factories.robot(world.dev, "ci", world.people.olga).user
    rows = User.objects.filter(pk=robot.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**{field: True})
    other = Namespace.objects.create(name="free", kind=Namespace.Kind.USER)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(namespace=other)


def test_no_person_can_be_called_like_a_robot(world):
    with pytest.raises(ValidationError):
        users.create(actor=SYSTEM, username="dev+ci", password=None)


def test_the_administration_shows_it_but_sets_no_password(world, settings):
    robot = factories.robot(world.dev, "ci", world.people.olga).user
    client = Client()
    client.force_login(world.people.root)
    page = f"/admin/accounts/user/{robot.pk}"
    assert client.get(f"{page}/change/").status_code in {200, 302}
    assert client.post(f"{page}/change/", {"is_superuser": "on"}).status_code != 200
    given = {"password1": "a very long one", "password2": "a very long one"}
    client.post(f"{page}/password/", given)
    robot.refresh_from_db()
    assert not robot.has_usable_password()
    assert not robot.is_superuser


# --- who is responsible -------------------------------------------------------------


def test_behind_its_push_stands_who_is_responsible(world):
    robot = factories.robot(world.dev, "ci", world.people.olga)
    move = factories.push(world.website, "v1", by="dev+ci").current_move
    assert (move.moved_by, move.originated_by) == ("dev+ci", world.people.olga)
    robots.take_over(actor=Actor(world.people.ada), robot=robot)
    image = factories.manifest(world.website, "second")
    again = factories.push(world.website, "v1", image, by="dev+ci").current_move
    assert again.originated_by == world.people.ada
    move.refresh_from_db()
    assert move.originated_by == world.people.olga
    by_dana = factories.push(world.website, "v2", by="dana").current_move
    assert by_dana.originated_by == world.people.dana


def test_nobody_pushes_in_the_name_of_who_answers_for_it(world, olga):
    """Else an admin could push as olga's robot, and approve it alone."""
    make(olga)
    trust = {"robot": "ci", "issuer": ISSUER, "claims": {"repository_id": "4711"}}
    issuers.create(actor=SYSTEM, url=ISSUER, immutable_claims=[])
    for who in ("ada", "root"):
        client = world.client(who)
        ways = ((f"{URL}/ci/tokens", {"tokenLabel": "x"}), (TRUSTS, trust))
        for path, sent in ways:
            response = client.post(path, sent)
            assert refused(response) == (400, "INVALID_PARAMETERS")
            assert "take the robot over" in response.json()["errors"][0]["message"]
        assert client.patch(f"{URL}/ci", {"takeOver": True}).status_code == 200
        for path, sent in ways:
            assert client.post(path, sent).status_code == 201


def test_behind_what_it_promotes_by_hand_stands_the_same_person(world):
    robot = factories.robot(world.dev, "ci", world.people.olga)
    factories.grant(robot.user, "read_write", world.dev.namespace)
    tag = factories.push(world.website, "v1")  # nobody knows by whom
    made = factories.promotion(tag, world.app, "v1", robot.user)
    assert (made.requested_by, made.originated_by) == (robot.user, world.people.olga)


@pytest.mark.parametrize("way", ["disabled", "no longer admin"])
def test_it_works_on_without_its_person_and_is_taken_over(world, olga, way):
    ada = world.client("ada")
    make(ada)
    secret = token_for(ada)["token"]
    assert not Robot.objects.to_take_over().exists()
    if way == "disabled":
        users.set_active(actor=SYSTEM, user=world.people.ada, is_active=False)
    else:
        factories.grant(world.people.ada, "read_only", world.dev.namespace)
    assert sign_in("dev+ci", secret).name == "dev+ci"
    assert [str(one) for one in Robot.objects.to_take_over()] == ["dev+ci"]
    (listed,) = olga.get(URL).json()["robots"]
    assert listed["isInCare"] is False
    taken = olga.patch(f"{URL}/ci", {"takeOver": True, "description": "x"}).json()
    assert (taken["isInCare"], taken["responsible"]) == (True, "olga")
    assert not Robot.objects.to_take_over().exists()


@pytest.mark.parametrize("who", ["olga", "ada", "root", "tess", "dana", "quentin"])
def test_in_care_means_what_permissions_say(world, who):
    """Whoever may administer the namespace takes care, by whatever right."""
    world.people.tess = factories.person("tess")
    factories.team(world.dev, "leads", world.people.tess, level="admin")
    robot = factories.robot(world.dev, "ci", world.people.olga)
    person = getattr(world.people, who)
    Robot.objects.filter(pk=robot.pk).update(responsible=person)
    may = bool(check(Actor(person), Action.ADMIN, world.dev.namespace))
    found: Any = Robot.objects.with_care().get()
    assert found.is_in_care is may


def test_ones_own_namespace_has_robots_too(world):
    client = world.client("dana")
    url = "/api/v0/repositoryNamespaces/dana/robots"
    body = client.post(url, {"name": "ci", "expiresAt": end()}).json()
    assert (body["username"], body["isInCare"]) == ("dana+ci", True)
    assert client.get(url).json()["robots"][0]["isInCare"] is True


def test_many_robots_cost_no_more_queries(world, olga, django_assert_max_num_queries):
    for number in range(10):
        factories.robot(world.dev, f"ci{number}", world.people.olga)
    with django_assert_max_num_queries(12):
        assert len(olga.get(URL).json()["robots"]) == 10


def test_a_narrow_token_of_it_is_narrow(world, olga):
    make(olga)
    olga.put(f"{URL}/ci/access", {"accessLevel": "read-write"})
    secret = token_for(olga, scopes=[TokenScope.PULL])["token"]
    actor = sign_in("dev+ci", secret)
    assert check(actor, Action.PULL, world.website)
    assert not check(actor, Action.PUSH, world.website)
