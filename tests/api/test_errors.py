"""Errors: always MSR's body, always a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rest_framework.test import APIClient

from accounts.access import Actor, TokenScope
from accounts.services import access_tokens
from repositories.api import RepositoryDetail
from repositories.registry import RegistryError
from repositories.services import deletion
from tests.api import factories

if TYPE_CHECKING:
    from accounts.models import Namespace
    from tests.api.conftest import World


def error_of(response: Any) -> dict[str, Any]:
    body = response.json()
    assert list(body) == ["errors"]
    error: dict[str, Any]
    (error,) = body["errors"]
    assert set(error) == {"code", "message", "detail"}
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/repositories/dev/absent", 404, "NO_SUCH_REPOSITORY"),
        ("get", "/repositories/absent", 404, "NO_SUCH_ACCOUNT"),
        ("get", "/repositories/dev/website/tags/v1", 404, "NO_SUCH_REF"),
        ("get", "/repositories/dev/website/tags/sha256:00", 404, "NO_SUCH_REF"),
        ("delete", "/repositories/dev/website/tags/v1", 404, "NO_SUCH_TAG"),
        ("get", "/repositories/dev/web%00site", 404, "NOT_FOUND"),
        ("get", "/repositories/%00", 404, "NOT_FOUND"),
        ("get", "/repositories/dev/website/tags/%00", 404, "NOT_FOUND"),
        ("delete", "/repositories/dev/website/teamAccess/%00", 404, "NOT_FOUND"),
        ("put", "/repositories/dev/website", 405, "NOT_ALLOWED"),
        ("get", "/nothing/here", 404, "NOT_FOUND"),
        ("post", "/repositories/", 404, "NOT_FOUND"),
        ("get", "/promotions/no-uuid", 404, "NOT_FOUND"),
    ],
)
def test_each_error_has_msrs_code(world, method, path, status, code):
    response = getattr(world.client("dana"), method)(f"/api/v0{path}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    assert error_of(response)["code"] == code


def test_only_json_is_spoken(world):
    client = world.client("dana")
    response = client.get("/api/v0/repositories", headers={"Accept": "text/html"})
    assert response.status_code == 406
    assert error_of(response)["code"] == "NOT_ACCEPTABLE"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "INVALID_JSON"),
        ("[]", "application/json", 400, "INVALID_PARAMETERS"),
        ("name=x", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bodies_that_cannot_be_read(world, body, content_type, status, code):
    client = world.client("olga")
    response = client.post("/api/v0/repositories/dev", body, content_type=content_type)
    assert response.status_code == status
    assert error_of(response)["code"] == code


def test_unknown_addresses_answer_the_same_to_everybody(world):
    assert world.client().get("/api/v0/nothing").status_code == 404


def test_a_wrong_password_is_401_even_where_none_is_needed(world):
    client = world.client("dana", "wrong")
    response = client.get("/api/v0/repositories/dev/open")
    assert response.status_code == 401
    assert error_of(response)["code"] == "NOT_AUTHENTICATED"


def token_client(
    world: World, *scopes: TokenScope, namespace: Namespace | None = None
) -> APIClient:
    user = world.people.olga
    issued = access_tokens.issue(
        actor=Actor(user), user=user, label="t", scopes=scopes, namespace=namespace
    )
    return world.client("olga", issued.secret)


def test_a_token_not_made_for_the_api_is_refused(world):
    client = token_client(world, TokenScope.PULL)
    assert client.get("/api/v0/repositories").status_code == 401


def test_a_token_does_no_more_than_its_scopes(world):
    client = token_client(world, TokenScope.API, TokenScope.PULL)
    assert client.get("/api/v0/repositories/dev/website").status_code == 200
    response = client.delete("/api/v0/repositories/dev/website")
    assert response.status_code == 403
    assert "token" in error_of(response)["message"]


def test_a_token_stays_in_its_namespace(world):
    scopes = (TokenScope.API, TokenScope.PULL)
    client = token_client(world, *scopes, namespace=world.people.olga.namespace)
    assert client.get("/api/v0/repositories/dev/website").status_code == 404


def test_a_registry_that_fails_is_503_with_its_sentence(world, monkeypatch):
    def fail(**_kwargs):
        raise RegistryError("TIMEOUT", retry_after=7.0)

    monkeypatch.setattr(deletion, "delete_tag", fail)
    factories.push(world.website, "v1")
    response = world.client("dana").delete("/api/v0/repositories/dev/website/tags/v1")
    assert response.status_code == 503
    assert response["Retry-After"] == "7"
    error = error_of(response)
    assert error["code"] == "REGISTRY_UNAVAILABLE"
    assert error["detail"] == {"registryCode": "TIMEOUT"}


def test_what_nobody_expected_is_500_and_tells_nothing(world, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("a secret")

    monkeypatch.setattr(RepositoryDetail, "get", fail)
    client = world.client("dana")
    client.raise_request_exception = False
    response = client.get("/api/v0/repositories/dev/website")
    assert response.status_code == 500
    assert error_of(response)["code"] == "INTERNAL_ERROR"
    assert "secret" not in response.content.decode()


def test_a_session_needs_the_csrf_token_to_write(world):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.people.olga)
    assert client.get("/api/v0/repositories/dev/website").status_code == 200
    response = client.delete("/api/v0/repositories/dev/website")
    assert response.status_code == 403
    assert error_of(response)["code"] == "NOT_AUTHORIZED"


def test_a_body_beyond_the_limit_is_refused(world):
    body = '{"name": "' + "x" * 2_000_000 + '"}'
    response = world.client("ada").generic(
        "POST", "/api/v0/repositories/dev", body, content_type="application/json"
    )
    assert response.status_code == 413
    assert response.json()["errors"][0]["message"]


def test_half_a_character_is_refused_like_any_other_choice(world):
    path = "/api/v0/repositories/dev/website/promotionPolicies"
    body = '{"rules": [], "onConflict": "\\ud800"}'
    response = world.client("olga").post(path, body, content_type="application/json")
    assert response.status_code == 400
    assert '"?" is not a valid choice' in response.json()["errors"][0]["message"]
