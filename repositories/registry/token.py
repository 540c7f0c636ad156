"""Bearer tokens for the registry: the scope grammar, and signing.

Specification: distribution's docs/content/spec/auth (scope.md, jwt.md, token.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_SCOPE_LENGTH = 1024  # characters of one scope
MAX_PARAMETER_LENGTH = 64 * 1024  # characters of one `scope` parameter
MAX_SCOPES = 64  # scopes of one request; the rest is ignored

_VALUE = "[a-z0-9]+"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_TYPE = re.compile(rf"(?P<type>{_VALUE})(?:\((?P<resource_class>{_VALUE})\))?")
_NAME = re.compile(
    rf"(?:{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*"
)
_JWK_MEMBERS = frozenset({"crv", "e", "kty", "n", "x", "y"})  # RFC 7638, section 3.2
_ACTION = re.compile(r"[a-z]{1,64}|\*")

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Action(StrEnum):
    """What a scope may allow; others are kept and mean nothing to us."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    ALL = "*"


class InvalidScope(ValueError):
    """A text is no scope; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """A resource and the actions wanted or allowed on it.

    `resource_class` is "" unless the type carries one, as in `repository(plugin)`.
    """

    type: str
    resource_class: str
    name: str
    actions: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `type(class):name:action,action`; raises InvalidScope.

        A name may hold a colon (a port), so the text is split from both ends.
        """
        if len(text) > MAX_SCOPE_LENGTH:
            raise InvalidScope(f"A scope is at most {MAX_SCOPE_LENGTH} characters.")
        head, _, rest = text.partition(":")
        name, _, tail = rest.rpartition(":")
        kind, actions = _TYPE.fullmatch(head), tail.split(",")
        if not (
            kind and _NAME.fullmatch(name) and all(map(_ACTION.fullmatch, actions))
        ):
            raise InvalidScope(
                "A scope looks like repository:dev/website:pull,push; "
                f"{text[:100]!r} does not."
            )
        resource_class = kind["resource_class"] or ""
        return cls(kind["type"], resource_class, name, frozenset(actions))

    @classmethod
    def repository(cls, name: object, *actions: Action) -> Self:
        """Return the scope of `actions` on a repository's path."""
        return cls("repository", "", str(name), frozenset(actions))

    @classmethod
    def catalog(cls) -> Self:
        """Return the scope that listing all repositories needs."""
        return cls("registry", "", "catalog", frozenset({Action.ALL}))

    def allowing(self, actions: Iterable[str]) -> Self:
        """Return the same resource with other `actions`."""
        return type(self)(
            self.type, self.resource_class, self.name, frozenset(map(str, actions))
        )

    def as_claim(self) -> dict[str, Any]:
        """Return the entry of a token's `access` claim."""
        claim: dict[str, Any] = {"type": self.type}
        if self.resource_class:
            claim["class"] = self.resource_class
        return claim | {"name": self.name, "actions": sorted(map(str, self.actions))}

    @override
    def __str__(self) -> str:
        kind = (
            f"{self.type}({self.resource_class})" if self.resource_class else self.type
        )
        return f"{kind}:{self.name}:{','.join(sorted(self.actions))}"


def parse_scopes(values: Sequence[str]) -> tuple[ResourceScope, ...]:
    """Read every `scope` parameter of a request; never raises.

    Each may hold several scopes separated by spaces. The actions on one resource are
    merged; what is malformed, too long, or beyond MAX_SCOPES is ignored.
    """
    merged: dict[tuple[str, str, str], ResourceScope] = {}
    for text in _scope_texts(values):
        try:
            scope = ResourceScope.parse(text)
        except InvalidScope:
            continue
        key = (scope.type, scope.resource_class, scope.name)
        known = merged.get(key, scope)
        merged[key] = scope.allowing(scope.actions | known.actions)
    return tuple(merged.values())


def _scope_texts(values: Sequence[str]) -> list[str]:
    short = (value for value in values if len(value) <= MAX_PARAMETER_LENGTH)
    return [text for value in short for text in value.split()][:MAX_SCOPES]


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token with its lifetime in seconds, counted from `issued_at`."""

    token: str = field(repr=False)
    expires_in: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """Signs tokens that a registry with our certificate in `rootcertbundle` accepts."""

    issuer: str
    service: str
    key: SigningKey = field(repr=False)
    headers: Mapping[str, Any] = field(repr=False, hash=False)

    @classmethod
    def from_files(
        cls, key_file: str | Path, cert_file: str | Path, issuer: str, service: str
    ) -> Self:
        """Read a PEM key (P-256 or RSA) and its PEM certificate, followed by its chain.

        Raises OSError when a file cannot be read, ValueError when key and certificate
        do not fit.
        """
        key = _signing_key(Path(key_file).read_bytes())
        chain = x509.load_pem_x509_certificates(Path(cert_file).read_bytes())
        if key.public_key() != chain[0].public_key():
            raise ValueError("The token certificate does not belong to the token key.")
        return cls(issuer, service, key, _headers(key, chain))

    def sign(
        self,
        subject: str,
        access: Sequence[ResourceScope],
        *,
        lifetime_seconds: int,
        now: datetime,
    ) -> SignedToken:
        """Sign a token for `subject` that allows `access`, valid from `now` on."""
        issued_at = now.astimezone(UTC).replace(microsecond=0)
        start = int(issued_at.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": subject,
            "aud": self.service,
            "exp": start + lifetime_seconds,
            "nbf": start,
            "iat": start,
            "jti": secrets.token_urlsafe(16),
            "access": [scope.as_claim() for scope in access],
        }
        token = jwt.encode(
            claims, self.key, self.headers["alg"], headers=dict(self.headers)
        )
        return SignedToken(token, lifetime_seconds, issued_at)


def generate_key_and_certificate(common_name: str, days: int) -> tuple[bytes, bytes]:
    """Make an EC P-256 key and a self-signed certificate for it, both PEM.

    The certificate is valid from an hour ago, for clocks that are behind.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    start = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)


def _headers(key: SigningKey, chain: Sequence[x509.Certificate]) -> dict[str, Any]:
    """Return the JOSE header: `x5c` for every registry, `kid` for those with a jwks."""
    der = [c.public_bytes(serialization.Encoding.DER) for c in chain]
    return {
        "typ": "JWT",
        "alg": "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256",
        "kid": _thumbprint(key),
        "x5c": [base64.b64encode(certificate).decode() for certificate in der],
    }


def _signing_key(pem: bytes) -> SigningKey:
    key = serialization.load_pem_private_key(pem, None)
    match key:
        case rsa.RSAPrivateKey() | ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return key
    raise ValueError("The token key must be an EC P-256 or an RSA key.")


def _thumbprint(key: SigningKey) -> str:
    """Compute the key's thumbprint (RFC 7638)."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        jwk = ECAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    required = {name: value for name, value in jwk.items() if name in _JWK_MEMBERS}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
