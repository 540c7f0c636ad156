"""`/auth/token` as docker, podman and skopeo speak to it."""

from __future__ import annotations

import base64
import json
import logging
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.access import AccessLevel, Actor, TokenScope
from accounts.models import AccessToken, User
from accounts.services import access_tokens
from repositories.models import Repository, Scan, Scanner
from repositories.registry import generate_key_and_certificate
from repositories.services import registry as registry_service
from repositories.services.scans import credentials
from tests.factories import (
    PASSWORD,
    grant,
    make_manifest,
    make_organization,
    make_repository,
    make_user,
)

URL = "/auth/token"
ISSUER, SERVICE = "https://portal.example", "registry.example"
BOTH = "repository:dev/website:pull,push"


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("key")
    key, certificate = generate_key_and_certificate("portal", days=1)
    (folder / "key.pem").write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    return folder


@pytest.fixture(autouse=True)
def certificate(key_folder, settings, tmp_path):
    """Sign with a key of our own; return the certificate a registry would trust."""
    settings.STATIC_ROOT = tmp_path
    settings.TOKEN_KEY_FILE = str(key_folder / "key.pem")
    settings.TOKEN_CERT_FILE = str(key_folder / "certificate.pem")
    settings.TOKEN_ISSUER, settings.TOKEN_SERVICE = ISSUER, SERVICE
    registry_service.signer.cache_clear()
    yield (key_folder / "certificate.pem").read_bytes()
    registry_service.signer.cache_clear()


@pytest.fixture
def dana(db) -> User:
    """Writes dev/website and reads dev/tools."""
    dana = make_user(name="dana")
    grant(to=dana, on=make_repository(name="dev/website"), level=AccessLevel.READ_WRITE)
    grant(to=dana, on=make_repository(name="dev/tools"), level=AccessLevel.READ_ONLY)
    make_repository(name="dev/open", visibility="public")
    return dana


def basic(name: str, secret: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"


def get(*scopes: str, client: Client | None = None, authorization: str = "") -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    query = {"scope": scopes, "service": SERVICE, "account": "somebody"}
    return (client or Client()).get(URL, query, headers=headers)


def post(**form: Any) -> Any:
    return Client().post(URL, {"grant_type": "password"} | form)


def claims_of(response: Any, certificate: bytes) -> dict[str, Any]:
    """Check the token as a registry does; return what it says."""
    assert response.status_code == 200, response.content
    answer = json.loads(response.content)
    assert answer["token"] == answer["access_token"]
    key: Any = x509.load_pem_x509_certificate(certificate).public_key()
    return jwt.decode(answer["token"], key, ["ES256"], audience=SERVICE, issuer=ISSUER)


def access_of(response: Any, certificate: bytes) -> dict[str, list[str]]:
    access = claims_of(response, certificate)["access"]
    return {one["name"]: one["actions"] for one in access}


# --- who asks ---------------------------------------------------------------------


def test_a_password_gets_what_its_owner_may(dana, certificate):
    response = get(BOTH, authorization=basic("dana", PASSWORD))
    claims = claims_of(response, certificate)
    assert claims["sub"] == "dana"
    assert claims["access"] == [
        {"type": "repository", "name": "dev/website", "actions": ["pull", "push"]}
    ]


def test_a_token_is_good_for_five_minutes_from_now(dana, certificate):
    response = get(BOTH, authorization=basic("dana", PASSWORD))
    claims, answer = claims_of(response, certificate), json.loads(response.content)
    assert answer["expires_in"] == 300
    assert claims["exp"] - claims["iat"] == 300
    issued_at = datetime.fromisoformat(answer["issued_at"])
    assert issued_at.timestamp() == claims["iat"] == claims["nbf"]
    assert abs((timezone.now() - issued_at).total_seconds()) < 60
    assert "no-store" in response["Cache-Control"]


def test_an_access_token_gets_its_share(dana, certificate):
    issued = access_tokens.issue(
        actor=Actor(dana), user=dana, label="ci", scopes=[TokenScope.PULL]
    )
    response = get(BOTH, authorization=basic("dana", issued.secret))
    assert access_of(response, certificate) == {"dev/website": ["pull"]}
    assert AccessToken.objects.get().last_used_at is not None


def test_an_access_token_limited_to_a_namespace_is_good_for_nothing_else(
    dana, certificate
):
    issued = access_tokens.issue(
        actor=Actor(dana), user=dana, label="ci", namespace=dana.namespace
    )
    response = get(BOTH, authorization=basic("dana", issued.secret))
    assert access_of(response, certificate) == {}


def test_without_credentials_public_repositories_can_be_pulled(dana, certificate):
    response = get(BOTH, "repository:dev/open:pull,push")
    claims = claims_of(response, certificate)
    assert claims["sub"] == ""
    assert access_of(response, certificate) == {"dev/open": ["pull"]}


def test_a_session_in_the_portal_counts_for_nothing_here(dana, certificate):
    browser = Client()
    browser.force_login(dana)
    response = get(BOTH, client=browser)
    assert claims_of(response, certificate)["sub"] == ""
    assert access_of(response, certificate) == {}


@pytest.mark.parametrize(
    "authorization",
    [
        basic("dana", "wrong"),
        basic("nobody", PASSWORD),
        basic("dana", "msr_0123456789ab_" + "x" * 43),
        basic("da\0na", PASSWORD),
        basic("dana", ""),
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"dana").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
    ],
)
def test_wrong_credentials_get_401_and_are_asked_again(dana, authorization):
    response = get("repository:dev/open:pull", authorization=authorization)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")
    (error,) = json.loads(response.content)["errors"]
    assert error["code"] == "UNAUTHORIZED"
    assert "token" not in json.loads(response.content)


def test_a_disabled_user_gets_401(dana):
    secret = access_tokens.issue(actor=Actor(dana), user=dana, label="ci").secret
    User.objects.update(is_active=False)
    for credential in (PASSWORD, secret):
        response = get(BOTH, authorization=basic("dana", credential))
        assert response.status_code == 401


def test_signing_in_without_a_scope_is_how_login_checks_a_password(dana, certificate):
    response = get(authorization=basic("dana", PASSWORD))
    assert access_of(response, certificate) == {}
    assert get(authorization=basic("dana", "wrong")).status_code == 401


# --- what is asked ----------------------------------------------------------------


def test_several_parameters_and_several_scopes_in_one_all_count(dana, certificate):
    response = get(
        "repository:dev/website:pull repository:dev/tools:pull,push",
        "repository:dev/website:push",
        "repository:dev/open:pull",
        authorization=basic("dana", PASSWORD),
    )
    assert access_of(response, certificate) == {
        "dev/website": ["pull", "push"],
        "dev/tools": ["pull"],
        "dev/open": ["pull"],
    }


@pytest.mark.parametrize(
    "scope",
    [
        "garbage",
        "repository",
        "repository:dev/website",
        "repository:../etc:pull",
        "repository:dev/\0:pull",
        "plugin:dev/website:pull",
        "registry:catalog:*",
        "repository:dev/website:delete",
        pytest.param("repository:" + "a" * 10_000 + ":pull", id="a name of 10 kB"),
        pytest.param("repository:dev/website:" + "pull," * 2000, id="10 kB of actions"),
        pytest.param("x " * 5000, id="5000 scopes"),
    ],
)
def test_what_is_not_granted_is_no_error(dana, certificate, scope):
    """The specification: an empty access claim, which the registry then refuses."""
    response = get(scope, authorization=basic("dana", PASSWORD))
    assert access_of(response, certificate) == {}


def test_a_push_without_a_namespace_is_refused_with_a_sentence(dana):
    response = get(
        "repository:website:pull,push", authorization=basic("dana", PASSWORD)
    )
    assert response.status_code == 403
    (error,) = json.loads(response.content)["errors"]
    assert error["code"] == "DENIED"
    assert (
        "has no namespace: push to a name of two or more components" in error["message"]
    )


# --- the OAuth2 form --------------------------------------------------------------


def test_the_form_takes_a_password_and_names_what_it_granted(dana, certificate):
    response = post(
        username="dana",
        password=PASSWORD,
        scope=f"{BOTH} repository:dev/tools:pull,push registry:catalog:*",
    )
    assert access_of(response, certificate) == {
        "dev/website": ["pull", "push"],
        "dev/tools": ["pull"],
    }
    answer = json.loads(response.content)
    assert answer["scope"] == f"{BOTH} repository:dev/tools:pull"
    assert answer["token_type"] == "Bearer"


def test_the_form_takes_an_access_token(dana, certificate):
    secret = access_tokens.issue(actor=Actor(dana), user=dana, label="ci").secret
    response = post(username="dana", password=secret, scope=BOTH)
    assert claims_of(response, certificate)["sub"] == "dana"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"username": "dana", "password": "wrong"}, "invalid_grant"),
        ({"username": "da\0na", "password": PASSWORD}, "invalid_grant"),
        ({"username": "dana"}, "invalid_grant"),
        ({}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_the_form_refuses_in_the_words_of_oauth(dana, form, error):
    """RFC 6749, section 5.2: status 400 and one of its codes."""
    response = post(scope=BOTH, **form)
    assert response.status_code == 400
    assert json.loads(response.content)["error"] == error


def test_the_form_needs_no_csrf_token(dana):
    form = {"grant_type": "password", "username": "dana", "password": PASSWORD}
    assert Client(enforce_csrf_checks=True).post(URL, form).status_code == 200


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(db, method):
    assert getattr(Client(), method)(URL).status_code == 405


# --- what it costs and leaks ------------------------------------------------------


def test_two_scopes_cost_at_most_five_queries(dana, django_assert_max_num_queries):
    secret = access_tokens.issue(actor=Actor(dana), user=dana, label="ci").secret
    authorization = basic("dana", secret)
    get(authorization=authorization)
    scopes = (BOTH, "repository:dev/tools:pull")
    with django_assert_max_num_queries(5) as queries:
        assert get(*scopes, authorization=authorization).status_code == 200
    assert not any(
        query["sql"].startswith(("INSERT", "UPDATE"))
        for query in queries.captured_queries
    )


def test_no_secret_gets_into_the_log(dana, caplog):
    secret = access_tokens.issue(actor=Actor(dana), user=dana, label="ci").secret
    with caplog.at_level(logging.DEBUG):
        granted = get(BOTH, authorization=basic("dana", secret))
        get(BOTH, authorization=basic("dana", secret + "x"))
        get(BOTH, authorization=basic("dana", "hunter2"))
        post(username="dana", password="hunter2", scope=BOTH)
        post(username="dana", password=PASSWORD, scope=BOTH)
    logged = " ".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records
    )
    token = json.loads(granted.content)["token"]
    for hidden in (secret, "hunter2", PASSWORD, token, basic("dana", secret)):
        assert hidden not in logged
    assert URL in logged


# --- what a scanner was given -----------------------------------------------------


@pytest.fixture
def scan(dana, settings) -> Scan:
    """A scan of an image in dev/website that an adapter works on."""
    settings.SCAN_DEADLINE = 1800
    repository = Repository.objects.get(name="website")
    return Scan.objects.create(
        manifest=make_manifest(repository=repository),
        repository=repository,
        scanner=Scanner.objects.create(name="probe", url="https://scanner.example.com"),
        origin="probe",
        state="running",
        started_at=timezone.now(),
    )


def as_scanner(scan: Scan, *scopes: str) -> Any:
    return get(*scopes, authorization=basic(*credentials.issue(scan=scan)))


def test_a_scanner_may_pull_from_the_repository_of_its_scan(scan, certificate):
    claims = claims_of(as_scanner(scan, BOTH), certificate)
    assert claims["sub"] == f"scan:{scan.uuid}"
    assert claims["access"] == [
        {"type": "repository", "name": "dev/website", "actions": ["pull"]}
    ]


def test_a_scanner_may_use_the_other_form_of_asking(scan, certificate):
    username, password = credentials.issue(scan=scan)
    response = post(username=username, password=password, scope=BOTH)
    assert access_of(response, certificate) == {"dev/website": ["pull"]}
    response = post(username=username, password="wrong", scope=BOTH)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "scope",
    [
        "repository:dev/website:push",
        "repository:dev/website:delete",
        "repository(plugin):dev/website:pull",
        "repository:dev/tools:pull",
        "repository:dev/open:pull",
        "repository:dev/website/more:pull",
        "repository:dev/new:pull,push",
        "repository:website:push",
        "registry:catalog:*",
    ],
)
def test_a_scanner_may_do_nothing_else(scan, certificate, scope):
    assert access_of(as_scanner(scan, scope), certificate) == {}


def test_every_action_is_the_right_to_pull(scan, certificate):
    response = as_scanner(scan, "repository:dev/website:*")
    assert access_of(response, certificate) == {"dev/website": ["pull"]}


def test_a_scanner_waiting_for_its_report_may_still_pull(scan, certificate):
    Scan.objects.update(state="queued", due_at=timezone.now() + timedelta(seconds=9))
    assert access_of(as_scanner(scan, BOTH), certificate) != {}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "completed", "finished_at": timezone.now()},
        {"state": "failed", "finished_at": timezone.now()},
        {"started_at": None},
        {"started_at": timezone.now() - timedelta(seconds=1800)},
        {"repository": None},
        {"scanner": None},
    ],
    ids=["completed", "failed", "not started", "too late", "nowhere", "by nobody"],
)
def test_what_a_scanner_was_given_ends_with_the_scan(scan, changes):
    assert as_scanner(scan, BOTH).status_code == 200
    Scan.objects.update(**changes)
    assert as_scanner(scan, BOTH).status_code == 401


def test_the_token_ends_with_the_scan_at_the_latest(scan, certificate):
    Scan.objects.update(started_at=timezone.now() - timedelta(seconds=1800 - 60))
    claims = claims_of(as_scanner(scan, BOTH), certificate)
    assert 50 <= claims["exp"] - claims["iat"] <= 60


def test_a_disabled_scanner_has_no_access_any_more(scan):
    Scanner.objects.update(is_enabled=False)
    assert as_scanner(scan, BOTH).status_code == 401


def test_a_deleted_repository_is_not_pulled_from(scan):
    Repository.objects.filter(name="website").update(deleted_at=timezone.now())
    assert as_scanner(scan, BOTH).status_code == 401


def test_the_password_of_one_scan_is_none_of_another(scan):
    other = make_repository(name="qa/website")
    second = Scan.objects.create(
        manifest=make_manifest(repository=other),
        repository=other,
        scanner=scan.scanner,
        origin="probe",
        state="running",
        started_at=timezone.now(),
    )
    username, _ = credentials.issue(scan=second)
    _, password = credentials.issue(scan=scan)
    for wrong in (password, "", "é", PASSWORD):
        response = get(BOTH, authorization=basic(username, wrong))
        assert response.status_code == 401


def test_the_password_outlives_a_change_of_the_key_where_the_former_is_kept(
    scan, settings
):
    given = basic(*credentials.issue(scan=scan))
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 6
    assert get(BOTH, authorization=given).status_code == 401
    settings.SECRET_KEY_FALLBACKS = [former]
    assert get(BOTH, authorization=given).status_code == 200


def test_what_a_scanner_was_given_opens_no_other_door(scan):
    username, password = credentials.issue(scan=scan)
    headers = {"Authorization": basic(username, password)}
    assert Client().get("/api/v0/repositories", headers=headers).status_code == 401
    client = Client()
    client.post("/login", {"username": username, "password": password})
    assert "_auth_user_id" not in client.session


def test_no_account_can_have_the_name_of_a_scan(scan):
    username, _ = credentials.issue(scan=scan)
    for make in (make_user, make_organization):
        with pytest.raises(ValidationError):
            make(name=username)


# --- who tries passwords ----------------------------------------------------------


def _from(ip: str, secret: str, url: str = URL) -> Any:
    pair = base64.b64encode(f"dana:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    return Client(REMOTE_ADDR=ip).get(url, headers=headers)


@pytest.mark.parametrize("url", [URL, "/api/v0/repositories"])
def test_passwords_cannot_be_tried_without_end(dana, settings, url):
    cache.clear()
    rates = settings.ACCOUNT_RATE_LIMITS | {"program_login_failed": "9/m/ip,3/5m/key"}
    settings.ACCOUNT_RATE_LIMITS = rates
    made = access_tokens.issue(actor=Actor(dana), user=dana, label="ci")
    for _ in range(3):
        assert _from("192.0.2.7", "wrong", url).status_code == 401
    refused = _from("192.0.2.7", PASSWORD, url)
    assert refused.status_code == 401
    assert "Too many wrong passwords" in refused.text
    assert _from("192.0.2.7", made.secret, url).status_code == 200
    assert _from("192.0.2.8", PASSWORD, url).status_code == 200


@pytest.mark.parametrize("url", [URL, "/api/v0/repositories"])
def test_behind_a_socket_without_an_address_passwords_are_good_and_counted(
    dana, settings, url
):
    cache.clear()
    rates = settings.ACCOUNT_RATE_LIMITS | {"program_login_failed": "3/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = rates
    assert _from("", PASSWORD, url).status_code == 200
    for _ in range(3):
        assert _from("", "wrong", url).status_code == 401
    assert "Too many wrong passwords" in _from("", PASSWORD, url).text


def test_guesses_from_one_ipv4_address_keep_no_other_out(dana, settings):
    """A socket of both families gives each as an address of IPv6."""
    cache.clear()
    rates = settings.ACCOUNT_RATE_LIMITS | {"program_login_failed": "3/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = rates
    for _ in range(4):
        assert _from("::ffff:192.0.2.7", "wrong").status_code == 401
    assert _from("::ffff:192.0.2.7", PASSWORD).status_code == 401
    assert _from("::ffff:192.0.2.8", PASSWORD).status_code == 200
