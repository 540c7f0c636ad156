"""`/api_tokens`: access tokens as MSR's scripts manage them."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.access import Actor, TokenScope
from accounts.models import AccessToken, AuditEvent
from accounts.services import access_tokens
from tests.api import factories
from tests.api.swagger import assert_is
from tests.sign_in.browser import Browser

NAMESPACE = "/api/v0/repositoryNamespaces/dev"
URL = "/api/v0/api_tokens"


def made(client, url=URL, **body):
    response = client.post(url, {"tokenLabel": "ci", **body})
    assert response.status_code == 200, response.content
    return response.json()


def labels(client, **asked):
    return {one["tokenLabel"] for one in client.get(URL, asked).json()}


def refused(response):
    return response.status_code, response.json()["errors"][0]["code"]


def sign_in(name, secret):
    pair = b64encode(f"{name}:{secret}".encode()).decode()
    return {"HTTP_AUTHORIZATION": f"Basic {pair}"}


def test_a_token_is_made_used_and_deleted_in_the_shapes_of_msr(world):
    client = world.client("dana")
    client.credentials(**sign_in("dana", "a long enough password"), HTTP_USER_AGENT="c")
    body = made(client, scopes=["api", "pull"], namespace="dev")
    assert_is("responses.NewAPIToken", body)
    assert body["lastUsed"] == "0001-01-01T00:00:00Z"
    assert (body["generatedBy"], body["creatorUa"]) == ("user", "c")
    assert (body["scopes"], body["namespace"]) == (["api", "pull"], "dev")
    with_token = world.client("dana", body["token"])
    assert with_token.get("/api/v0/repositories/dev").status_code == 200
    (listed,) = client.get(URL).json()
    assert_is("responses.APIToken", listed)
    assert listed["lastUsed"] > "2020"
    assert "token" not in listed
    one = f"{URL}/{body['hashedToken']}"
    assert client.get(one).json() == listed
    assert client.delete(one).status_code == 200
    assert refused(client.get(one)) == (404, "NO_SUCH_API_TOKEN")
    assert with_token.get("/api/v0/repositories").status_code == 401
    actions = AuditEvent.objects.filter(object_uuid=body["hashedToken"])
    assert list(actions.values_list("action", flat=True)) == ["create", "delete"]


def test_the_public_id_tells_nothing_of_the_secret(world):
    body = made(world.client("dana"))
    row = AccessToken.objects.get()
    assert body["hashedToken"] == str(row.uuid)
    assert row.secret_hash not in str(body)


def test_without_scopes_a_token_may_what_its_owner_may_as_with_msr(world):
    assert set(made(world.client("dana"))["scopes"]) == set(TokenScope.values)


def test_a_token_is_switched_off_and_on_again(world):
    client = world.client("dana")
    body = made(client)
    one, used = f"{URL}/{body['hashedToken']}", world.client("dana", body["token"])
    changed = client.patch(one, {"isActive": False, "tokenLabel": "old"}).json()
    assert_is("responses.APIToken", changed)
    assert (changed["isActive"], changed["tokenLabel"]) == (False, "old")
    assert used.get(URL).status_code == 401
    assert client.patch(one, {"isActive": True}).json()["tokenLabel"] == "old"
    assert used.get(URL).status_code == 200


def test_labelling_it_does_not_switch_on_what_was_switched_off_meanwhile(world):
    olga = world.people.olga
    actor = Actor(olga)
    seen = access_tokens.issue(actor=actor, user=olga, label="x").row
    same = AccessToken.objects.get()
    access_tokens.update(actor=actor, token=same, is_active=False)
    access_tokens.update(actor=actor, token=seen, label="y")
    row = AccessToken.objects.get()
    assert (row.label, row.is_active) == ("y", False)


def test_what_was_revoked_in_the_portal_stays_so(world):
    body = made(world.client("dana"))
    dana = world.people.dana
    access_tokens.revoke(actor=Actor(dana), token=AccessToken.objects.get())
    response = world.client("dana").patch(
        f"{URL}/{body['hashedToken']}", {"isActive": True}
    )
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert not AccessToken.objects.get().is_active


@pytest.mark.parametrize(
    ("method", "given"),
    [("post", {"tokenLabel": "x"}), ("patch", {"isActive": True}), ("delete", {})],
)
@pytest.mark.parametrize("kind", ["token", "bearer"])
def test_a_token_manages_no_tokens(world, method, given, kind):
    body = made(world.client("root"))
    client = world.client("root", body["token"])
    if kind == "bearer":
        bearer = client.get("/auth/token").json()["token"]
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    url = URL if method == "post" else f"{URL}/{body['hashedToken']}"
    response = getattr(client, method)(url, given)
    assert refused(response) == (403, "NOT_AUTHORIZED")
    assert "token cannot manage" in response.json()["errors"][0]["message"]
    assert refused(client.delete(URL)) == (403, "NOT_AUTHORIZED")
    assert AccessToken.objects.count() == 1


def test_administrators_make_and_see_tokens_of_others(world):
    root = world.client("root")
    body = made(root, f"{URL}?username=dana", tokenLabel="of dana")
    assert body["username"] == "dana"
    assert world.client("dana", body["token"]).get(URL).status_code == 200
    made(root, tokenLabel="of root")
    assert labels(root) == {"of dana", "of root"}
    assert labels(root, username="dana") == {"of dana"}
    assert labels(world.client("dana")) == {"of dana"}
    assert labels(world.client("dana"), username="dana") == {"of dana"}
    assert refused(root.get(URL, {"username": "zz"})) == (404, "NO_SUCH_USER")


@pytest.mark.parametrize("name", ["quinn", "nobody-at-all"])
def test_others_learn_nothing_of_tokens_that_are_not_theirs(world, name):
    client = world.client("dana")
    for response in (
        client.get(URL, {"username": name}),
        client.post(f"{URL}?username={name}", {"tokenLabel": "x"}),
        client.delete(f"{URL}?username={name}"),
    ):
        assert refused(response) == (403, "NOT_AUTHORIZED")


def test_tokens_of_others_look_absent(world):
    body = made(world.client("quinn"))
    for method, given in (("get", {}), ("patch", {"isActive": False}), ("delete", {})):
        response = getattr(world.client("dana"), method)(
            f"{URL}/{body['hashedToken']}", given
        )
        assert refused(response) == (404, "NO_SUCH_API_TOKEN")
    assert AccessToken.objects.get().is_active


def test_a_limited_token_lists_what_has_the_same_limit(world):
    client = world.client("ada")
    made(client, tokenLabel="everywhere")
    limited = made(client, tokenLabel="dev only", namespace="dev")
    assert labels(world.client("ada", limited["token"])) == {"dev only"}


def test_a_session_left_open_makes_no_way_in(world):
    """As on the pages: what outlives a session is made by who shows who they are."""
    factories.robot(world.dev, "ci", world.people.olga)
    browser = Browser()
    browser.sign_in("olga", factories.PASSWORD)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        for path, sent in (
            (URL, {"tokenLabel": "x"}),
            (f"{NAMESPACE}/robots/ci/tokens", {"tokenLabel": "x"}),
            (f"{NAMESPACE}/ciTrusts", {"robot": "ci", "issuer": "x", "claims": {}}),
        ):
            response = browser.post(path, sent, content_type="application/json")
            assert response.status_code == 403, path
            assert "session" in response.json()["errors"][0]["message"]
        assert not AccessToken.objects.exists()
        browser.confirm(factories.PASSWORD)
        sent = {"tokenLabel": "x"}
        response = browser.post(URL, sent, content_type="application/json")
        assert response.status_code == 200


def test_nobody_signed_in_is_asked_to(world):
    assert refused(world.client().get(URL)) == (401, "NOT_AUTHENTICATED")


@pytest.mark.parametrize(
    "given",
    [
        {"tokenLabel": "x" * 101},
        {"tokenLabel": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"namespace": "qa"},
        {"namespace": "a\0b"},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": "soon"},
    ],
)
def test_a_token_cannot_be_so(world, given):
    response = world.client("dana").post(URL, {"tokenLabel": "ci", **given})
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert not AccessToken.objects.exists()


def test_what_was_not_used_for_90_days_is_found(world):
    client, now = world.client("dana"), timezone.now()
    for label, made_days, used_days in (
        ("old, never used", 100, None),
        ("old, used lately", 100, 3),
        ("old, used long ago", 200, 91),
        ("new", 1, None),
    ):
        body = made(client, tokenLabel=label)
        used = None if used_days is None else now - timedelta(days=used_days)
        AccessToken.objects.filter(uuid=body["hashedToken"]).update(
            created_at=now - timedelta(days=made_days), last_used_at=used
        )
    unused = {"old, never used", "old, used long ago"}
    assert labels(client, unusedForDays=90) == unused
    assert refused(client.get(URL, {"unusedForDays": 0}))[0] == 400
    day = (now - timedelta(days=90)).date()
    url = f"{URL}?usedbefore={day}"
    assert client.delete(url).status_code == 200  # MSR cleans up `auto` unless told
    assert len(labels(client)) == 4
    assert client.delete(f"{url}&generatedby=user").status_code == 200
    assert labels(client) == {"old, used lately", "new"}


@pytest.mark.parametrize(
    "asked", ["usedbefore=soon", "usedbefore=2026-13-40", "generatedby=magic"]
)
def test_a_cleanup_that_is_not_understood_deletes_nothing(world, asked):
    made(world.client("dana"))
    response = world.client("dana").delete(f"{URL}?{asked}")
    assert refused(response) == (400, "INVALID_PARAMETERS")
    assert AccessToken.objects.exists()


def test_a_cleanup_takes_ones_own_and_those_of_all_for_administrators(world):
    for name in ("dana", "quinn", "root"):
        made(world.client(name), tokenLabel=name)
    world.client("dana").delete(f"{URL}?generatedby=user")
    assert labels(world.client("root")) == {"quinn", "root"}
    world.client("root").delete(f"{URL}?generatedby=user&username=quinn")
    assert labels(world.client("root")) == {"root"}


def test_many_tokens_are_paged_as_everything_is(world):
    client = world.client("dana")
    for number in range(12):
        made(client, tokenLabel=f"token {number}")
    first = client.get(URL, {"count": "true"})
    assert len(first.json()) == 10
    assert first["X-Resource-Count"] == "12"
    rest = client.get(URL, {"pageStart": first["X-Next-Page-Start"]})
    assert len(rest.json()) == 2
