"""Name and password, or name and access token, to an Actor."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from datetime import timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate as authenticate_password
from django.utils import timezone

from accounts.access import Actor
from accounts.models import AccessToken, User

if TYPE_CHECKING:
    from django.http import HttpRequest

TOKEN_MARK = "msr_"  # noqa: S105 - the public first letters of every access token
# Nothing else is an access token: a password may begin like one.
TOKEN = re.compile(rf"{TOKEN_MARK}(?P<prefix>[0-9a-f]{{12}})_(?P<secret>[\w-]{{43}})")
LAST_USED_PRECISION = timedelta(minutes=1)


class BadCredentials(Exception):
    """The name, password or access token is wrong, revoked or expired."""

    reason = "The user name, password or access token is wrong."


class PasswordIsNotEnough(BadCredentials):
    """The password is right, but the account asks for a second factor."""

    reason = (
        "This account has a second factor, so its password signs in to the portal only;"
        " make an access token there, under Access tokens, and use that here."
    )


class TooManyAttempts(BadCredentials):
    """So many passwords were wrong that none is looked at for a while."""

    reason = (
        "Too many wrong passwords came from your address. Wait 5 minutes, or use an"
        " access token."
    )


def hash_secret(secret: str) -> str:
    """Return what is stored of a 256-bit secret: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(username: str, secret: str, request: HttpRequest | None = None) -> Actor:
    """Return the actor for a name and a password or access token.

    Raises BadCredentials; the time taken does not tell which part was wrong. A password
    that is right raises PasswordIsNotEnough where the account has a second factor.
    Wrong passwords are counted by the address of the `request`, if there is one.
    """
    if "\0" in username:  # PostgreSQL refuses to look for it
        raise BadCredentials
    if token := TOKEN.fullmatch(secret):
        return _sign_in_with_token(username, token["prefix"], token["secret"])
    if request is not None and not _attempt(request, username, dry_run=True):
        raise TooManyAttempts
    user = authenticate_password(request, username=username, password=secret)
    if not isinstance(user, User) or user.is_robot:
        if request is not None:
            _attempt(request, username)
        raise BadCredentials
    if has_second_factor(user):
        raise PasswordIsNotEnough
    return Actor(user)


def _attempt(request: HttpRequest, username: str, *, dry_run: bool = False) -> bool:
    """Count a wrong password; False when there were too many from the address.

    Whoever tries passwords for a name keeps nobody out who comes from elsewhere.
    """
    return bool(
        ratelimit.consume(
            request,
            app="allauth.account",
            action="program_login_failed",
            key=f"{username} from {get_adapter().get_client_ip(request)}",
            limit_get=True,
            dry_run=dry_run,
        )
    )


def has_second_factor(user: User) -> bool:
    """Tell whether signing in to the portal takes more than the password."""
    return is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


def sign_in_with_token(secret: str) -> Actor:
    """Return the actor for an access token alone; raises BadCredentials."""
    token = TOKEN.fullmatch(secret)
    if token is None:
        raise BadCredentials
    return _sign_in_with_token(None, token["prefix"], token["secret"])


def _sign_in_with_token(username: str | None, prefix: str, secret: str) -> Actor:
    tokens = AccessToken.objects.usable().select_related("user", "namespace")
    token = tokens.filter(prefix=prefix).first()
    expected = token.secret_hash if token else ""
    if not compare_digest(hash_secret(secret), expected) or token is None:
        raise BadCredentials
    if username is not None and token.user.username != username:
        raise BadCredentials
    _touch(token)
    return Actor(token.user, token)


def _touch(token: AccessToken) -> None:
    """Note the use of a token, at most once a minute, without a transaction."""
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < LAST_USED_PRECISION:
        return
    AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)


def read_basic(header: str) -> tuple[str, str] | None:
    """Return name and secret of an ``Authorization: Basic`` header; None without one.

    Raises BadCredentials when the header is Basic but cannot be read (RFC 7617).
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:  # not ASCII, not base64, not UTF-8
        raise BadCredentials from error
    username, separator, secret = decoded.partition(":")
    if not separator:
        raise BadCredentials
    return username, secret
