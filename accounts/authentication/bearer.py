"""API bearers: what `/auth/token` answers to whom it asks for no registry.

A JWT signed by HS256, as nobody but the portal has to verify it: the registry has no
part in it, and a key that is not the registry's keeps the two kinds of token apart
beyond their audiences. The key is made from SECRET_KEY, and a former one
(SECRET_KEY_FALLBACKS) still verifies.

It holds no rights, only what it was made from, which is looked up each time: the access
token, with its scopes and limit, or the state of the password.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.access import Actor
from accounts.authentication.credentials import BadCredentials, has_second_factor
from accounts.models import AccessToken, User

if TYPE_CHECKING:
    from datetime import datetime

ALGORITHM = "HS256"
PURPOSE = b"msr api bearers"
REQUIRED = ("aud", "exp", "iat", "iss", "sub")
MAX_LENGTH = 4096  # characters


class BadBearer(BadCredentials):
    """The bearer is forged, expired, for something else, or its origin ended."""

    reason = (
        "The bearer token is not valid here, or what it was made from is not any more;"
        " get a new one from /auth/token."
    )


@dataclass(frozen=True, slots=True)
class IssuedBearer:
    """A bearer with its lifetime in seconds, counted from `issued_at`."""

    token: str = field(repr=False)
    expires_in: int
    issued_at: datetime


def audience() -> str:
    """Return whom API bearers are for; registry tokens name the registry's service."""
    return f"{settings.PUBLIC_URL}/api/v0"


def issue(actor: Actor) -> IssuedBearer:
    """Make a bearer for who signed in with a password or an access token."""
    now = timezone.now().replace(microsecond=0)
    start, seconds = int(now.timestamp()), settings.API_BEARER_LIFETIME
    if actor.token is not None and actor.token.expires_at is not None:
        left = int((actor.token.expires_at - now).total_seconds())
        seconds = min(seconds, left)
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": audience(),
        "sub": str(getattr(actor.user, "uuid", "")),
        "iat": start,
        "exp": start + seconds,
        "jti": secrets.token_urlsafe(12),
        **_origin(actor),
    }
    key = _key(settings.SECRET_KEY)
    return IssuedBearer(jwt.encode(claims, key, ALGORITHM), seconds, now)


def read(text: str) -> Actor:
    """Return who the bearer stands for, as far as its origin goes now.

    Raises BadBearer.
    """
    claims = _claims(text)
    try:
        subject = UUID(claims["sub"])
        token = UUID(claims["tok"]) if "tok" in claims else None
    except (TypeError, ValueError) as error:
        raise BadBearer from error
    if token is not None:
        return _by_token(token, subject)
    return _by_password(str(claims.get("pwd", "")), subject)


def _by_token(token: UUID, subject: UUID) -> Actor:
    rows = AccessToken.objects.usable().select_related("user", "namespace")
    row = rows.filter(uuid=token, user__uuid=subject).first()
    if row is None:
        raise BadBearer
    return Actor(row.user, row, is_bearer=True)


def _by_password(state: str, subject: UUID) -> Actor:
    user = User.objects.filter(uuid=subject, is_active=True).first()
    if user is None or user.is_robot or has_second_factor(user):
        raise BadBearer
    if not any([constant_time_compare(state, one) for one in _states(user)]):  # noqa: C419 - all are compared, whichever fits
        raise BadBearer
    return Actor(user, is_bearer=True)


def _origin(actor: Actor) -> dict[str, str]:
    if actor.token is not None:
        return {"tok": str(actor.token.uuid)}
    if not isinstance(actor.user, User):
        raise BadCredentials
    return {"pwd": _states(actor.user)[0]}


def _states(user: User) -> list[str]:
    """Return what changes with the password, for the key now and the former ones."""
    return [
        salted_hmac(
            "accounts.authentication.bearer",
            user.password,
            secret=key,
            algorithm="sha256",
        ).hexdigest()
        for key in _secrets()
    ]


def _claims(text: str) -> dict[str, Any]:
    if len(text) > MAX_LENGTH:
        raise BadBearer
    for secret in _secrets():
        try:
            return jwt.decode(
                text,
                _key(secret),
                [ALGORITHM],
                audience=audience(),
                issuer=settings.PUBLIC_URL,
                options={"require": list(REQUIRED)},
            )
        except jwt.InvalidTokenError:
            continue
    raise BadBearer


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return derivation.derive(secret.encode())
