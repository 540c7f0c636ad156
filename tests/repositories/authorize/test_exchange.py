"""CI login: a job's identity token for a short access token of a robot."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import AccessLevel, Action, Actor, TokenScope
from accounts.authentication import BadCredentials, sign_in
from accounts.models import (
    AccessToken,
    AuditEvent,
    CITrust,
    Robot,
    TrustedIssuer,
    UsedAssertion,
)
from accounts.permissions import check
from accounts.services import ci_trusts, robots, trusted_issuers, users
from accounts.services.ci_trusts import WantedTrust
from repositories.models import Repository
from repositories.services.authorize import forget_used
from repositories.services.authorize.issuer_keys import KEPT
from tests.ci_issuer import PORTAL, CIIssuer, ec_key, jwk, rsa_key
from tests.factories import grant, make_organization, make_repository, make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
REFUSAL = {
    "error": "invalid_request",
    "error_description": (
        "This identity token is not accepted. The portal's log says why; ask an admin"
        " of the namespace."
    ),
}
CLAIMS = {"repository_id": "4711", "sub": "repo:acme/website:ref:refs/heads/*"}


@pytest.fixture
def issuer(tmp_path, settings) -> Iterator[CIIssuer]:
    served = CIIssuer(keys=[jwk(rsa_key(), "rsa"), jwk(ec_key(), "ec", alg="ES256")])
    with served.serve(tmp_path):
        settings.PUBLIC_URL = PORTAL
        settings.CA_BUNDLE = str(tmp_path / "ca.pem")
        settings.OUTBOUND_ALLOW = [f"issuer=127.0.0.1:{served.server.server_port}"]
        settings.REGISTRY_URL = "http://registry.test:5000"
        settings.REDIS_URL = "redis://redis.test:6379/0"
        yield served


@pytest.fixture
def root(db) -> Any:
    return make_user(name="root", is_superuser=True)


@pytest.fixture
def olga(db) -> Any:
    return make_user(name="olga")


@pytest.fixture
def robot(olga) -> Robot:
    owner = make_organization(name="dev", owner=olga)
    made = robots.create(
        actor=Actor(olga),
        namespace=owner.namespace,
        name="ci",
        expires_at=timezone.now() + timedelta(days=30),
    )
    website = make_repository(name="dev/website")
    grant(to=made.user, on=website, level=AccessLevel.READ_WRITE)
    return made


@pytest.fixture
def trusted(root, issuer) -> TrustedIssuer:
    return trusted_issuers.create(
        actor=Actor(root), url=issuer.url, immutable_claims=["repository_id"]
    )


def make_trust(robot: Robot, trusted: TrustedIssuer, **values: Any) -> CITrust:
    scopes = (TokenScope.PULL, TokenScope.PUSH, TokenScope.API)
    given = {"claims": CLAIMS, "scopes": scopes, **values}
    wanted = WantedTrust(trusted.url, **given)
    return ci_trusts.create(actor=Actor(robot.responsible), robot=robot, wanted=wanted)


@pytest.fixture
def trust(robot, trusted) -> CITrust:
    return make_trust(robot, trusted)


def send(token: str, **form: Any) -> Any:
    values = {"grant_type": EXCHANGE, "subject_token_type": ID_TOKEN, **form}
    return Client().post("/auth/token", {**values, "subject_token": token})


def reason() -> str:
    event = AuditEvent.objects.filter(action="refuse CI login").latest("id")
    said: str = event.after["reason"]
    return said


def assert_refused(response: Any) -> None:
    assert (response.status_code, response.json()) == (400, REFUSAL)
    assert not AccessToken.objects.exists()
    assert not UsedAssertion.objects.exists()


# --- what works ---------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_job_gets_a_token_that_docker_and_the_api_take(issuer, trust, algorithm):
    response = send(issuer.token(algorithm=algorithm))
    assert response.status_code == 200, response.content
    assert "no-store" in response["Cache-Control"]
    answer = response.json()
    secret = answer.pop("access_token")
    assert answer == {
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": pytest.approx(900, abs=2),
        "scope": "api pull push",
        "username": "dev+ci",
    }
    actor = sign_in("dev+ci", secret)
    assert check(actor, Action.PUSH, Repository.objects.get(name="website"))
    bearer = {"Authorization": f"Bearer {secret}"}
    pair = b64encode(f"dev+ci:{secret}".encode()).decode()
    for headers in (bearer, {"Authorization": f"Basic {pair}"}):
        got = Client().get("/api/v0/repositories/dev/website", headers=headers)
        assert got.status_code == 200
    event = AuditEvent.objects.get(action="CI login")
    assert (event.actor, event.object_uuid) == ("dev+ci", trust.uuid)
    assert event.after["as"] == "repo:acme/website:ref:refs/heads/main"
    row = AccessToken.objects.get()
    assert (row.generated_by, row.trust) == ("auto", trust)


def test_the_trust_is_named_or_found(issuer, robot, trusted, trust):
    other = make_trust(robot, trusted, claims={**CLAIMS, "repository_id": "5000"})
    assert send(issuer.token(), trust=str(trust.uuid)).status_code == 200
    assert send(issuer.token(repository_id="5000")).status_code == 200
    assert AccessToken.objects.latest("id").trust == other


def test_where_two_trusts_fit_one_must_be_named(issuer, robot, trusted, trust):
    second = make_trust(robot, trusted, scopes=[TokenScope.PULL])
    assert_refused(send(issuer.token()))
    assert "More than one trust" in reason()
    assert send(issuer.token(), trust=str(second.uuid)).json()["scope"] == "pull"


def test_the_token_ends_with_the_robot(issuer, trust, robot):
    soon = timezone.now() + timedelta(seconds=100)
    Robot.objects.filter(pk=robot.pk).update(expires_at=soon)
    assert send(issuer.token()).json()["expires_in"] <= 100


def test_the_keys_are_asked_for_once(issuer, trust):
    for _ in range(3):
        assert send(issuer.token()).status_code == 200
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_new_key_of_the_issuer_is_found(issuer, trust):
    send(issuer.token())
    issuer.keys.append(jwk(rsa_key(1), "new"))
    TrustedIssuer.objects.update(keys_asked_at=timezone.now() - timedelta(minutes=1))
    assert send(issuer.token(rsa_key(1), headers={"kid": "new"})).status_code == 200


def test_a_key_that_the_issuer_withdrew_is_good_no_longer(issuer, trust):
    send(issuer.token())
    issuer.keys[:] = [jwk(rsa_key(1), "new")]
    long_ago = timezone.now() - KEPT
    TrustedIssuer.objects.update(keys_fetched_at=long_ago, keys_asked_at=long_ago)
    assert send(issuer.token()).status_code == 400
    assert "no key of that id" in reason()


# --- attacks ------------------------------------------------------------------------


def other_hosts_token(issuer: CIIssuer) -> str:
    return issuer.token(iss="https://token.actions.githubusercontent.com")


def with_public_key(issuer: CIIssuer) -> str:
    """HS256 with what everybody may know as its secret, made by hand."""
    pem = (
        rsa_key()
        .public_key()
        .public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return jwt.PyJWS().encode(
        json.dumps(issuer.claims()).encode(),
        urlsafe_b64encode(pem),
        "HS256",
        {"kid": "rsa"},
    )


def now() -> int:
    return int(timezone.now().timestamp())


ATTACKS: dict[str, Any] = {
    "no algorithm": lambda one: jwt.encode(
        one.claims(), "", "none", headers={"kid": "rsa"}
    ),
    "HS256 with the public key": with_public_key,
    "another key under a known id": lambda one: one.token(rsa_key(1)),
    "EC key named RSA": lambda one: one.token(
        ec_key(), "ES256", headers={"kid": "rsa"}
    ),
    "RS512": lambda one: one.token(rsa_key(), "RS512", headers={"kid": "rsa"}),
    "unknown key": lambda one: one.token(rsa_key(1), headers={"kid": "mine"}),
    "no key named": lambda one: one.token(headers={"kid": None}),
    "its own key": lambda one: one.token(
        rsa_key(1), headers={"jwk": jwk(rsa_key(1), "rsa")}
    ),
    "its own key's address": lambda one: one.token(headers={"jku": f"{one.url}/keys"}),
    "its own certificate's address": lambda one: one.token(
        headers={"x5u": f"{one.url}/keys"}
    ),
    "issuer that nobody allowed": other_hosts_token,
    "issuer with a slash more": lambda one: one.token(iss=f"{one.url}/"),
    "audience of another": lambda one: one.token(aud="https://elsewhere.example"),
    "audience with a slash more": lambda one: one.token(aud=f"{PORTAL}/"),
    "two audiences": lambda one: one.token(aud=[PORTAL, "https://elsewhere"]),
    "no audience": lambda one: one.token(aud=None),
    "the registry's audience": lambda one: one.token(aud="registry"),
    "issued long ago": lambda one: one.token(iat=now() - 601, exp=now() + 3600),
    "issued in the future": lambda one: one.token(iat=now() + 30),
    "not issued": lambda one: one.token(iat=None),
    "issued at a text": lambda one: one.token(iat="now"),
    "issued at true": lambda one: one.token(iat=True),
    "issued at infinity": lambda one: one.token(iat=float("inf")),
    "issued at no number": lambda one: one.token(iat=float("nan")),
    "expired": lambda one: one.token(exp=now() - 1),
    "without an end": lambda one: one.token(exp=None),
    "not valid yet": lambda one: one.token(nbf=now() + 60),
    "without an id": lambda one: one.token(jti=None),
    "with an empty id": lambda one: one.token(jti=""),
    "with a number as its id": lambda one: one.token(jti=5),
    "another repository": lambda one: one.token(repository_id="4712"),
    "longer repository id": lambda one: one.token(repository_id="47110"),
    "shorter repository id": lambda one: one.token(repository_id="471"),
    "without the repository": lambda one: one.token(repository_id=None),
    "longer owner": lambda one: one.token(
        sub="repo:evil-acme/website:ref:refs/heads/main"
    ),
    "other case": lambda one: one.token(sub="repo:Acme/website:ref:refs/heads/main"),
    "wildcard across a slash": lambda one: one.token(
        sub="repo:acme/website:ref:refs/heads/feature/main"
    ),
    "wildcard across a colon": lambda one: one.token(
        sub="repo:acme/website:ref:refs/heads/main:environment"
    ),
    "a tag": lambda one: one.token(sub="repo:acme/website:ref:refs/tags/main"),
    "subject in a list": lambda one: one.token(
        sub=["repo:acme/website:ref:refs/heads/main"]
    ),
    "too long": lambda one: one.token(more="x" * 20_000),
    "deep": lambda _issuer: f"e30.{urlsafe_b64encode(b'[' * 9000).decode()}.e30",
    "no token": lambda _issuer: "x.y.z",
    "a NUL": lambda _issuer: "\0",
    "issuer with a NUL": lambda one: one.token(iss="https://a\0b"),
    "issuer with half a letter": lambda one: one.token(iss="https://\ud800"),
    "issuer that is a list": lambda one: one.token(iss=[one.url]),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("way", ["named", "found"])
def test_an_attack_gets_the_one_refusal(issuer, trust, name, way):
    form = {"trust": str(trust.uuid)} if way == "named" else {}
    assert_refused(send(ATTACKS[name](issuer), **form))


def test_the_reason_is_in_the_logs_alone(issuer, trust, caplog):
    token = issuer.token(aud="https://elsewhere.example")
    assert_refused(send(token))
    assert reason() == "The token's audience is not this portal alone."
    assert "ci_login_refused" in caplog.text
    assert token not in caplog.text
    assert token.split(".")[2] not in caplog.text
    for _ in range(5):
        send(issuer.token(aud="https://elsewhere.example"))
    assert AuditEvent.objects.filter(action="refuse CI login").count() == 1


def test_a_token_is_good_once(issuer, trust):
    token = issuer.token()
    assert send(token).status_code == 200
    again = send(token)
    assert (again.status_code, again.json()) == (400, REFUSAL)
    assert reason() == "The token was used before."
    assert AccessToken.objects.count() == UsedAssertion.objects.count() == 1


def test_a_token_signed_anew_with_the_same_id_is_the_same(issuer, trust):
    assert send(issuer.token(jti="a")).status_code == 200
    assert send(issuer.token(jti="a", more=1)).status_code == 400


def test_a_token_that_was_refused_is_not_used_up(issuer, robot, trust):
    token = issuer.token()
    robots.update(actor=Actor(robot.responsible), robot=robot, is_active=False)
    assert_refused(send(token))
    robots.update(actor=Actor(robot.responsible), robot=robot, is_active=True)
    assert send(token).status_code == 200


def test_the_database_knows_each_assertion_once(trusted):
    values = {"issuer": trusted, "jti_hash": "a" * 64, "expires_at": timezone.now()}
    UsedAssertion.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        UsedAssertion.objects.create(**values)


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwks_uri": "https://127.0.0.2:1/keys"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"jwks_uri": None},
        {"jwks_uri": "//keys"},
        {"jwks_uri": "https://[/keys"},
        {"issuer": "https://elsewhere.example"},
    ],
)
def test_keys_that_are_not_at_home_are_not_fetched(issuer, trust, wrong):
    issuer.discovery |= wrong
    assert_refused(send(issuer.token()))
    assert issuer.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("userinfo", ["127.0.0.1@", "a:b@"])
def test_a_host_with_a_user_is_another_host(issuer, trust, userinfo):
    issuer.discovery["jwks_uri"] = issuer.url.replace("//", f"//{userinfo}") + "/keys"
    assert_refused(send(issuer.token()))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/.well-known/openid-configuration", "/elsewhere"),
        ("/.well-known/openid-configuration", b"no json"),
        ("/.well-known/openid-configuration", b"[" * 100_000),
        ("/.well-known/openid-configuration", []),
        ("/.well-known/openid-configuration", None),
        ("/keys", "/elsewhere"),
        ("/keys", b" " * 300_000),
        ("/keys", {"keys": "all"}),
        ("/keys", {"keys": ["rsa", None, 5]}),
        ("/keys", {"keys": [{"kid": "rsa"}] * 101}),
        ("/keys", {"keys": [{"kid": "rsa", "kty": "RSA"}]}),
        ("/keys", {"keys": [{"kid": "rsa", "kty": "RSA", "n": "AQ", "e": "AQ"}]}),
        ("/keys", {"keys": [{"kid": "rsa", "kty": "oct", "k": "c2VjcmV0"}]}),
        ("/keys", {"keys": [{**jwk(rsa_key(), "rsa"), "use": "enc"}]}),
        ("/keys", {"keys": [{**jwk(rsa_key(), "rsa"), "alg": "RS512"}]}),
        ("/keys", {"keys": [{**jwk(rsa_key(), "rsa"), "kid": "a\0b"}]}),
    ],
)
def test_an_issuer_that_answers_oddly_lets_nobody_in(issuer, trust, path, document):
    issuer.documents |= {path: document, "/elsewhere": {"keys": issuer.keys}}
    assert_refused(send(issuer.token()))
    assert "/elsewhere" not in issuer.asked


def test_a_short_key_is_none(issuer, trust):
    weak = rsa_key(2, 1024)
    issuer.keys[:] = [jwk(weak, "rsa")]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = issuer.token(weak)
    assert_refused(send(token))


def test_another_curve_is_none(issuer, trust):
    key = ec.generate_private_key(ec.SECP384R1())
    issuer.keys[:] = [jwk(key, "ec")]
    assert_refused(send(issuer.token(key, "ES384", headers={"kid": "ec"})))


def test_a_flood_of_unknown_keys_asks_the_issuer_once(issuer, trust):
    for _ in range(20):
        token = issuer.token(rsa_key(1), headers={"kid": str(uuid4())})
        assert_refused(send(token))
    assert len(issuer.asked) == 2
    assert send(issuer.token()).status_code == 200


def test_an_issuer_that_nobody_trusts_is_not_asked(issuer, trusted):
    assert_refused(send(issuer.token()))
    assert not issuer.asked


def test_an_issuer_that_the_operator_did_not_allow_is_not_reached(
    issuer, trust, settings
):
    settings.OUTBOUND_ALLOW = []
    assert_refused(send(issuer.token()))
    assert "could not be asked" in reason()
    assert not issuer.asked


def test_a_forged_token_makes_the_portal_read_one_trust(issuer, robot, trusted, trust):
    for number in range(5):
        make_trust(robot, trusted, claims={"repository_id": str(number)})
    with CaptureQueriesContext(connection) as asked:
        assert_refused(send(issuer.token(headers={"kid": "none"})))
    read = [one["sql"] for one in asked if 'FROM "accounts_citrust"' in one["sql"]]
    assert read
    assert all("LIMIT 1" in sql for sql in read)


@pytest.mark.parametrize("named", ["x", "\0", "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"])
def test_a_trust_that_is_none_is_none(issuer, trust, named):
    assert_refused(send(issuer.token(), trust=named))
    assert not issuer.asked


def test_the_trust_of_another_issuer_is_none_here(issuer, root, robot, trusted):
    elsewhere = trusted_issuers.create(
        actor=Actor(root), url="https://elsewhere.example", immutable_claims=[]
    )
    theirs = make_trust(robot, elsewhere)
    assert_refused(send(issuer.token(), trust=str(theirs.uuid)))


# --- what ends it -------------------------------------------------------------------


def test_it_ends_with_who_made_it(issuer, root, robot, trusted):
    ada = make_user(name="ada")
    grant(to=ada, on=robot.namespace, level=AccessLevel.ADMIN)
    robots.take_over(actor=Actor(ada), robot=robot)
    made = make_trust(robot, trusted)
    secret = send(issuer.token()).json()["access_token"]
    assert made.created_by == ada
    grant(to=ada, on=robot.namespace, level=AccessLevel.READ_ONLY)
    assert send(issuer.token()).status_code == 400
    assert "no longer administers" in reason()
    grant(to=ada, on=robot.namespace, level=AccessLevel.ADMIN)
    assert send(issuer.token()).status_code == 200
    users.set_active(actor=Actor(root), user=ada, is_active=False)
    assert send(issuer.token()).status_code == 400
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", secret)


@pytest.mark.parametrize("way", ["disabled", "expired"])
def test_a_robot_that_ended_lets_nobody_in(issuer, trust, robot, way):
    if way == "disabled":
        robots.update(actor=Actor(robot.responsible), robot=robot, is_active=False)
    else:
        Robot.objects.update(expires_at=timezone.now())
    assert_refused(send(issuer.token()))


def test_deleting_the_trust_ends_its_tokens(issuer, trust):
    secret = send(issuer.token()).json()["access_token"]
    ci_trusts.delete(actor=Actor(trust.created_by), trust=trust)
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", secret)
    assert send(issuer.token()).status_code == 400


def test_disabling_the_issuer_ends_all_that_came_by_it(issuer, root, trusted, trust):
    secret = send(issuer.token()).json()["access_token"]
    trusted_issuers.update(
        actor=Actor(root), issuer=trusted, immutable_claims=[], is_enabled=False
    )
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", secret)
    assert send(issuer.token()).status_code == 400


@pytest.mark.parametrize(
    ("url", "enough"),
    [
        ("https://token.actions.githubusercontent.com", "repository_owner_id"),
        ("https://gitlab.com", "project_id"),
    ],
)
def test_where_anybody_has_jobs_no_trust_can_be_for_all_of_them(root, url, enough):
    actor = Actor(root)
    for names in ([], ["environment"]):
        with pytest.raises(ValidationError, match="Anybody has jobs"):
            trusted_issuers.create(actor=actor, url=url, immutable_claims=names)
    made = trusted_issuers.create(actor=actor, url=url, immutable_claims=[enough])
    with pytest.raises(ValidationError, match="Anybody has jobs"):
        trusted_issuers.update(
            actor=actor, issuer=made, immutable_claims=[], is_enabled=True
        )


def test_claims_asked_for_later_hold_for_trusts_made_before(
    issuer, root, trusted, trust
):
    trusted_issuers.update(
        actor=Actor(root),
        issuer=trusted,
        immutable_claims=["repository_owner_id"],
        is_enabled=True,
    )
    assert_refused(send(issuer.token()))
    assert "repository_owner_id" in reason()


def test_what_is_over_is_forgotten(issuer, trust):
    send(issuer.token())
    forget_used()
    assert AccessToken.objects.count() == UsedAssertion.objects.count() == 1
    long_ago = timezone.now() - timedelta(days=8)
    UsedAssertion.objects.update(expires_at=long_ago)
    AccessToken.objects.update(expires_at=long_ago)
    forget_used()
    assert not AccessToken.objects.exists()
    assert not UsedAssertion.objects.exists()


# --- the request --------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": ""},
        {"subject_token": ""},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
    ],
)
def test_a_request_that_is_not_of_the_kind_is_told_so(db, form):
    values = {"grant_type": EXCHANGE, "subject_token_type": ID_TOKEN}
    sent = {**values, "subject_token": "x.y.z", **form}
    response = Client().post("/auth/token", sent)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert response.json() != REFUSAL


def test_texts_of_the_token_that_no_database_takes_are_cut(issuer, robot, trusted):
    make_trust(robot, trusted, claims={"repository_id": "4711"})
    response = send(issuer.token(sub="a\0b\ud800" + "x" * 500))
    assert response.status_code == 200
    assert AccessToken.objects.get().label.startswith("CI: abx")
