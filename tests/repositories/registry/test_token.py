"""Tokens: the scope grammar, and what is signed."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import cast

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from repositories.registry import (
    Action,
    InvalidScope,
    ResourceScope,
    TokenSigner,
    generate_key_and_certificate,
    parse_scopes,
)
from repositories.registry.token import MAX_SCOPES, SigningKey

NOW = datetime(2026, 1, 1, 12, 0, 0, 999, UTC)
PULL = ResourceScope.repository("dev/website", Action.PULL)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("repository:dev/website:pull", PULL),
        (
            "repository:a:push,pull,push",
            ResourceScope("repository", "", "a", frozenset({"pull", "push"})),
        ),
        (
            "repository(plugin):a/b:pull",
            ResourceScope("repository", "plugin", "a/b", frozenset({"pull"})),
        ),
        (
            "repository:Registry.example.com:5000/a/b:pull",
            ResourceScope(
                "repository", "", "Registry.example.com:5000/a/b", frozenset({"pull"})
            ),
        ),
        ("registry:catalog:*", ResourceScope.catalog()),
        ("repository:a:fly", ResourceScope("repository", "", "a", frozenset({"fly"}))),
    ],
)
def test_scopes_that_are_read(text, scope):
    assert ResourceScope.parse(text) == scope
    assert ResourceScope.parse(str(scope)) == scope


@pytest.mark.parametrize(
    "text",
    [
        "",
        "repository",
        "repository:a",
        "repository:a:",
        "repository::pull",
        ":a:pull",
        "repository:a:pull,",
        "repository:a:PULL",
        "repository:A/b/:pull",
        "repository:a//b:pull",
        "repository:../a:pull",
        "repository(:a:pull",
        "repository():a:pull",
        "repository:a:pull\n",
        "repository:a:**",
        f"repository:{'a' * 1024}:pull",
    ],
)
def test_scopes_that_are_refused(text):
    with pytest.raises(InvalidScope):
        ResourceScope.parse(text)
    assert parse_scopes([text.replace("\n", "|")]) == ()


def test_every_parameter_and_every_scope_in_it_counts():
    scopes = parse_scopes(
        [
            "repository:a/b:pull repository:c/d:pull",
            "repository:a/b:push  junk",
            "",
            "repository(plugin):a/b:pull",
        ]
    )
    assert list(map(str, scopes)) == [
        "repository:a/b:pull,push",
        "repository:c/d:pull",
        "repository(plugin):a/b:pull",
    ]


def test_too_many_scopes_and_too_long_parameters_are_ignored():
    many = [f"repository:a/b{number}:pull" for number in range(1000)]
    assert len(parse_scopes(many)) == len(parse_scopes([" ".join(many)])) == MAX_SCOPES
    assert parse_scopes(["repository:a:pull " * 10_000]) == ()


PART = st.sampled_from(
    [
        *[
            "repository",
            "registry",
            "pull",
            "push",
            "a",
            "b/c",
            "catalog",
            "host:5000/",
            "A",
        ],
        *":(),/ *.-",
    ]
)


@given(st.lists(st.lists(PART | st.text(max_size=5)).map("".join)))
def test_no_more_is_read_than_was_asked(values):
    asked = [text for value in values for text in value.split()]
    for scope in parse_scopes(values):
        resource = str(scope).rpartition(":")[0]
        wanted = {
            action
            for text in asked
            if text.rpartition(":")[0] == resource
            for action in text.rpartition(":")[2].split(",")
        }
        assert scope.actions
        assert scope.actions <= wanted


def test_actions_can_be_narrowed():
    narrowed = ResourceScope.parse("repository:a:pull,push,delete").allowing({"pull"})
    assert str(narrowed) == "repository:a:pull"


@pytest.fixture
def make_signer(tmp_path):
    """Make a signer from the PEM of a key and of a certificate."""

    def make(key_pem, certificate_pem):
        (tmp_path / "key").write_bytes(key_pem)
        (tmp_path / "certificate").write_bytes(certificate_pem)
        return TokenSigner.from_files(
            tmp_path / "key", tmp_path / "certificate", "portal", "registry"
        )

    return make


def rsa_key_and_certificate(key: rsa.RSAPrivateKey) -> tuple[bytes, bytes]:
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return pem(key), certificate.public_bytes(serialization.Encoding.PEM)


def pem(key: SigningKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_token_says_who_may_do_what_until_when(make_signer):
    signer = make_signer(*generate_key_and_certificate("portal", 7))
    catalog = ResourceScope.catalog()
    plugin = ResourceScope.parse("repository(plugin):a/b:push,pull")
    signed = signer.sign("dana", [plugin, catalog], lifetime_seconds=300, now=NOW)
    assert (signed.expires_in, signed.issued_at) == (300, NOW.replace(microsecond=0))
    header = jwt.get_unverified_header(signed.token)
    certificate = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    claims = jwt.decode(
        signed.token,
        cast("ec.EllipticCurvePublicKey", certificate.public_key()),
        ["ES256"],
        audience="registry",
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    start = int(NOW.timestamp())
    assert len(claims.pop("jti")) > 20
    assert claims == {
        "iss": "portal",
        "sub": "dana",
        "aud": "registry",
        "iat": start,
        "nbf": start,
        "exp": start + 300,
        "access": [
            {
                "type": "repository",
                "class": "plugin",
                "name": "a/b",
                "actions": ["pull", "push"],
            },
            {"type": "registry", "name": "catalog", "actions": ["*"]},
        ],
    }
    assert (header["typ"], header["alg"]) == ("JWT", "ES256")
    assert not header.keys() & {"jwk", "jku", "x5u"}
    assert signed.token not in repr(signed)


def test_two_tokens_differ(make_signer):
    signer = make_signer(*generate_key_and_certificate("portal", 7))
    first, second = (
        signer.sign("", [PULL], lifetime_seconds=60, now=NOW) for _ in range(2)
    )
    assert first.token != second.token


def test_the_kid_is_the_thumbprint_of_the_key(make_signer):
    """RFC 7638, computed here by hand."""
    key_pem, certificate_pem = generate_key_and_certificate("portal", 7)
    signer = make_signer(key_pem, certificate_pem)
    key = serialization.load_pem_private_key(key_pem, None)
    numbers = cast("ec.EllipticCurvePrivateKey", key).public_key().public_numbers()
    x, y = (_base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    expected = _base64url(hashlib.sha256(canonical.encode()).digest())
    assert signer.headers["kid"] == expected


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_rsa_keys_sign_too(make_signer):
    key = rsa.generate_private_key(65537, 2048)
    signer = make_signer(*rsa_key_and_certificate(key))
    token = signer.sign("dana", [PULL], lifetime_seconds=60, now=NOW).token
    payload = jwt.decode(
        token,
        key.public_key(),
        ["RS256"],
        audience="registry",
        options={"verify_exp": False},
    )
    assert payload["access"][0]["actions"] == ["pull"]
    assert len(signer.headers["kid"]) == 43


def test_a_certificate_of_another_key_is_refused(make_signer):
    key, _ = generate_key_and_certificate("portal", 7)
    _, certificate = generate_key_and_certificate("portal", 7)
    with pytest.raises(ValueError, match="does not belong"):
        make_signer(key, certificate)


def test_other_kinds_of_keys_are_refused(make_signer):
    _, certificate = generate_key_and_certificate("portal", 7)
    other = pem(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(ValueError, match="P-256 or an RSA key"):
        make_signer(other, certificate)
