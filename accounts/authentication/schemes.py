"""The API's schemes of `Authorization`, and who made a request by any way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from typing_extensions import override

from accounts.access import Actor, TokenScope
from accounts.authentication import bearer
from accounts.authentication.credentials import (
    TOKEN_MARK,
    BadCredentials,
    read_basic,
    sign_in,
    sign_in_with_token,
)
from accounts.models import AccessToken

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from accounts.models import User


class BasicAuthentication(BaseAuthentication):
    """Basic credentials for the API: a password, or a token with the scope `api`."""

    scope = TokenScope.API
    place = "the API"

    @override
    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        try:
            actor = self.actor_by(request)
        except BadCredentials as error:
            raise AuthenticationFailed(error.reason) from error
        if actor is None:
            return None
        if not actor.may_use(self.scope):
            needed = f"{self.place} (scope “{self.scope}”)"
            message = f"This access token was not made for {needed}."
            raise AuthenticationFailed(message)
        return cast("User", actor.user), actor if actor.is_bearer else actor.token

    def actor_by(self, request: Request) -> Actor | None:
        """Return who the header names; None where the scheme is another."""
        credentials = read_basic(request.META.get("HTTP_AUTHORIZATION", ""))
        if credentials is None:
            return None
        return sign_in(*credentials, cast("HttpRequest", request))

    @override
    def authenticate_header(self, request: Request) -> str:
        del request
        return 'Basic realm="msr"'


class ReportAuthentication(BasicAuthentication):
    """The same for uploading scan reports, for which the scope `scan` suffices."""

    scope = TokenScope.SCAN
    place = "uploading scan reports"


class BearerAuthentication(BasicAuthentication):
    """A bearer token of `/auth/token` (RFC 6750), or an access token in its place."""

    @override
    def actor_by(self, request: Request) -> Actor | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token.strip()
        if token.startswith(TOKEN_MARK):
            return sign_in_with_token(token)
        return bearer.read(token)


class ReportBearerAuthentication(BearerAuthentication):
    """The same for uploading scan reports."""

    scope = TokenScope.SCAN
    place = "uploading scan reports"


def actor_of(request: HttpRequest | Request) -> Actor:
    """Return who made the request, with the access token used, if one was."""
    used = getattr(request, "auth", None)
    if isinstance(used, Actor):  # by a bearer token
        return used
    return Actor(request.user, used if isinstance(used, AccessToken) else None)


def person_of(request: HttpRequest) -> User:
    """Return who is signed in, on a page that is for nobody else."""
    return cast("User", request.user)
