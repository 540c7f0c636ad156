"""Trusts of CI jobs: made and ended by admins of the namespace, never by a token."""

from __future__ import annotations

import json

import pytest

from accounts.access import Actor
from accounts.models import AuditEvent, CITrust
from accounts.services import access_tokens, trusted_issuers
from tests.api import factories

URL = "/api/v0/repositoryNamespaces/dev/ciTrusts"
ISSUER = "https://ci.example.com"


@pytest.fixture(autouse=True)
def robot(world):
    trusted_issuers.create(
        actor=Actor(world.people.root), url=ISSUER, immutable_claims=["repository_id"]
    )
    return factories.robot(world.dev, "ci", world.people.olga)


def new(**values):
    claims = {"repository_id": "4711", "ref": "refs/heads/*"}
    return {"robot": "ci", "issuer": ISSUER, "claims": claims, **values}


def refused(response):
    return response.status_code, response.json()["errors"][0]["code"]


def test_a_trust_is_made_listed_and_ended(world):
    olga = world.client("olga")
    response = olga.post(URL, new(tokenSeconds=600))
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["robot"], body["createdBy"], body["tokenSeconds"]) == (
        "ci",
        "olga",
        600,
    )
    assert body["scopes"] == ["pull", "push"]
    assert olga.get(URL).json()["ciTrusts"] == [body]
    assert olga.get(f"{URL}/{body['id']}").json() == body
    assert olga.delete(f"{URL}/{body['id']}").status_code == 204
    assert refused(olga.get(f"{URL}/{body['id']}")) == (404, "NO_SUCH_CI_TRUST")
    events = AuditEvent.objects.filter(object_uuid=body["id"])
    assert list(events.values_list("action", flat=True)) == ["create", "delete"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("ada", 201), ("root", 201), ("dana", 403), ("quentin", 404), ("", 401)],
)
def test_who_makes_trusts(world, who, status):
    client = world.client(who)
    client.patch("/api/v0/repositoryNamespaces/dev/robots/ci", {"takeOver": True})
    assert client.post(URL, new()).status_code == status


@pytest.mark.parametrize("kind", ["token", "bearer"])
def test_a_token_makes_and_ends_none(world, robot, kind):
    trust = factories.trust(robot, world.people)
    olga = world.people.olga
    issued = access_tokens.issue(actor=Actor(olga), user=olga, label="x")
    client = world.client("olga", issued.secret)
    if kind == "bearer":
        bearer = world.client("olga").get("/auth/token").json()["token"]
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    assert client.get(URL).status_code == 200
    assert refused(client.post(URL, new())) == (403, "NOT_AUTHORIZED")
    assert refused(client.delete(f"{URL}/{trust.uuid}")) == (403, "NOT_AUTHORIZED")
    assert CITrust.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"issuer": "https://elsewhere.example"}, "not accepted here, but of these"),
        ({"issuer": f"{ISSUER}/"}, "not accepted here"),
        ({"claims": {"ref": "refs/heads/main"}}, "Name repository_id"),
        ({"claims": {"repository_id": "*"}}, "would fit anything"),
        ({"claims": {"repository_id": "47*"}}, "Name repository_id"),
        ({"claims": {}}, "Name 1 to 20 claims"),
        ({"claims": ["repository_id"]}, "claims"),
        ({"scopes": []}, "at least one scope"),
        ({"scopes": ["all"]}, "scopes"),
        ({"tokenSeconds": 3601}, "tokenSeconds"),
        ({"tokenSeconds": 59}, "tokenSeconds"),
    ],
)
def test_a_trust_cannot_be_so(world, given, said):
    response = world.client("olga").post(URL, new(**given))
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert said in response.json()["errors"][0]["message"]
    assert not CITrust.objects.exists()


def test_no_robot_has_more_trusts_than_its_page_shows(world, robot):
    one = factories.trust(robot, world.people)
    CITrust.objects.bulk_create(
        CITrust(
            robot=robot,
            issuer=one.issuer,
            claims=one.claims,
            scopes=one.scopes,
            lifetime_seconds=900,
            created_by=one.created_by,
        )
        for _ in range(99)
    )
    response = world.client("olga").post(URL, new())
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert "end one" in response.json()["errors"][0]["message"]
    assert CITrust.objects.count() == 100


def test_half_a_character_is_no_name_of_a_claim(world):
    sent = json.dumps(new(claims={"\ud800": "x"}))
    response = world.client("olga").post(URL, sent, content_type="application/json")
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert "is no name of a claim" in response.json()["errors"][0]["message"]


def test_robots_and_trusts_of_others_are_not_reached(world):
    theirs = factories.robot(world.qa, "deploy", world.people.quentin)
    trust = factories.trust(theirs, world.people)
    olga = world.client("olga")
    assert refused(olga.post(URL, new(robot="deploy"))) == (404, "NO_SUCH_ROBOT")
    for method in ("get", "delete"):
        response = getattr(olga, method)(f"{URL}/{trust.uuid}")
        assert refused(response) == (404, "NO_SUCH_CI_TRUST")
    assert olga.get(URL).json()["ciTrusts"] == []
    assert refused(olga.get(f"{URL}/x")) == (404, "NO_SUCH_CI_TRUST")
