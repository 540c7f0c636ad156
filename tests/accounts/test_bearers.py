"""API bearers: as good as what they were made from, and never better."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.access import Actor, TokenScope
from accounts.authentication import bearer
from accounts.models import AccessToken
from accounts.services import access_tokens, users
from repositories.registry import ResourceScope, generate_key_and_certificate
from repositories.services import registry as registry_service
from tests.factories import PASSWORD, make_organization, make_user
from tests.sign_in.browser import Browser

LIST = "/api/v0/repositories/dev"


@pytest.fixture(autouse=True)
def _no_attempts_yet():
    cache.clear()


@pytest.fixture
def olga(db):
    olga = make_user(name="olga")
    make_organization(name="dev", owner=olga)
    make_organization(name="qa", owner=olga)
    return olga


def basic(name, secret):
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def fetch(secret=PASSWORD, query=None, name="olga"):
    headers = {"Authorization": basic(name, secret)}
    return Client().get("/auth/token", query or {}, headers=headers)


def bearer_of(secret=PASSWORD):
    response = fetch(secret)
    assert response.status_code == 200, response.content
    return response.json()["token"]


def api(token, url=LIST, method="get", **body):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return getattr(client, method)(url, body or None, format="json")


def token_of(olga, **values):
    return access_tokens.issue(actor=Actor(olga), user=olga, label="ci", **values)


def test_a_script_gets_a_bearer_by_basic_and_uses_it(olga):
    answer = fetch().json()
    assert answer["expires_in"] == 900
    assert answer["token"] == answer["access_token"]
    assert "olga" not in str(
        jwt.decode(answer["token"], options={"verify_signature": False})
    )
    assert api(answer["token"]).status_code == 200


def test_it_ends_after_its_time(olga, settings):
    settings.API_BEARER_LIFETIME = 60
    start = datetime(2026, 5, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        token = bearer_of()
        clock.shift(59)
        assert api(token).status_code == 200
        clock.shift(1)
        assert api(token).status_code == 401


def test_it_ends_with_the_token_it_was_made_from(olga):
    soon = timezone.now() + timedelta(seconds=30)
    issued = token_of(olga, expires_at=soon)
    assert fetch(issued.secret).json()["expires_in"] <= 30


@pytest.mark.parametrize("way", ["revoked", "off", "deleted", "expired", "disabled"])
def test_it_dies_with_the_token_it_was_made_from(olga, way):
    issued = token_of(olga)
    token = bearer_of(issued.secret)
    assert api(token).status_code == 200
    rows = AccessToken.objects.filter(pk=issued.row.pk)
    actor = Actor(olga)
    if way == "revoked":
        access_tokens.revoke(actor=actor, token=issued.row)
    elif way == "off":
        access_tokens.update(actor=actor, token=issued.row, is_active=False)
    elif way == "deleted":
        access_tokens.delete(actor=actor, token=issued.row)
    elif way == "expired":
        rows.update(expires_at=timezone.now())
    else:
        root = Actor(make_user(name="root", is_superuser=True))
        users.set_active(actor=root, user=olga, is_active=False)
    assert api(token).status_code == 401


@pytest.mark.parametrize("way", ["password", "disabled", "second factor"])
def test_it_dies_with_the_password_it_was_made_from(olga, way):
    token = bearer_of()
    assert api(token).status_code == 200
    if way == "password":
        olga.set_password("another long password")
        olga.save()
    elif way == "disabled":
        olga.is_active = False
        olga.save()
    else:
        browser = Browser()
        browser.force_login(olga)
        browser.confirm()
        browser.set_up_app()
    assert api(token).status_code == 401


def test_it_has_the_scopes_and_the_limit_of_its_token(olga):
    dev = olga.memberships.get(organization__namespace__name="dev").organization
    issued = token_of(
        olga, scopes=[TokenScope.API, TokenScope.PULL], namespace=dev.namespace
    )
    token = bearer_of(issued.secret)
    assert api(token).status_code == 200
    assert api(token, "/api/v0/repositories/qa").status_code == 404
    assert api(token, method="post", name="new").status_code == 403


def test_a_token_that_is_not_for_the_api_gets_none(olga):
    issued = token_of(olga, scopes=[TokenScope.PULL])
    assert fetch(issued.secret).status_code == 403


def test_wrong_credentials_get_none(olga):
    response = fetch("wrong")
    assert response.status_code == 401
    assert "Basic" in response["WWW-Authenticate"]


@pytest.fixture
def _registry_key(settings, tmp_path):
    key, certificate = generate_key_and_certificate("portal", days=1)
    (tmp_path / "key").write_bytes(key)
    (tmp_path / "certificate").write_bytes(certificate)
    settings.TOKEN_KEY_FILE = str(tmp_path / "key")
    settings.TOKEN_CERT_FILE = str(tmp_path / "certificate")
    registry_service.signer.cache_clear()
    yield
    registry_service.signer.cache_clear()


@pytest.mark.usefixtures("_registry_key")
def test_the_api_takes_no_token_of_the_registry_nor_the_registry_one_of_the_api(olga):
    of_registry = fetch(query={"service": "registry"}).json()["token"]
    assert api(of_registry).status_code == 401
    scoped = fetch(query={"scope": "repository:dev/x:pull"}).json()["token"]
    assert api(scoped).status_code == 401
    said = jwt.decode(bearer_of(), options={"verify_signature": False})
    assert said["aud"] == "http://localhost:8000/api/v0"
    assert jwt.get_unverified_header(bearer_of())["alg"] == "HS256"


@pytest.mark.usefixtures("_registry_key")
def test_a_registry_token_for_the_audience_of_the_api_is_still_none(olga, settings):
    settings.TOKEN_SERVICE = bearer.audience()
    settings.TOKEN_ISSUER = settings.PUBLIC_URL
    scope = ResourceScope.repository("dev/x")
    signed = registry_service.signer().sign(
        str(olga.uuid), [scope], lifetime_seconds=60, now=timezone.now()
    )
    assert api(signed.token).status_code == 401


def test_forgeries_are_refused(olga):
    said = jwt.decode(bearer_of(), options={"verify_signature": False})
    for forged in (
        jwt.encode(said, "", "none"),
        jwt.encode(said, "a guessed key that is long enough for SHA-256"),
        jwt.encode({**said, "aud": "registry"}, bearer._key("x" * 40)),
        "x.y.z",
        "a" * 5000,
        "",
    ):
        assert api(forged).status_code == 401


def test_claims_that_a_signed_bearer_never_has_crash_nothing(olga, settings):
    said = jwt.decode(bearer_of(), options={"verify_signature": False})
    key = bearer._key(settings.SECRET_KEY)
    for odd in ({"sub": "x"}, {"tok": "x"}, {"tok": None}, {"pwd": None}, {"pwd": "é"}):
        assert api(jwt.encode({**said, **odd}, key)).status_code == 401


def test_a_former_secret_key_still_verifies(olga, settings):
    token = bearer_of()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, " + "y" * 40
    assert api(token).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert api(token).status_code == 401


def test_an_access_token_stands_in_for_a_bearer(olga):
    issued = token_of(olga)
    assert api(issued.secret).status_code == 200
    assert api(issued.secret[:-1] + "!").status_code == 401
    narrow = token_of(olga, scopes=[TokenScope.PULL])
    assert api(narrow.secret).status_code == 401


def test_a_bearer_changes_neither_profile_nor_sessions(olga):
    assert bearer.read(bearer_of()).uses_token
