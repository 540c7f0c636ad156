"""Logins by OpenID Connect: bound to issuer and subject, and what a first one does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override

from accounts.services import logins

if TYPE_CHECKING:
    from typing import NoReturn

    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.http import HttpRequest


log = logging.getLogger(__name__)


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Nothing is matched by e-mail address or name; unknown logins are told what to do.

    A first login makes a user where the provider's `create_users` says so, and then
    only under a name that nobody has.
    """

    @override
    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        return False

    @override
    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False

    @override
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        connecting = sociallogin.state.get("process") == "connect"
        if sociallogin.is_existing or connecting:
            return
        name = sociallogin.provider.app.name
        if not sociallogin.provider.app.settings.get("create_users"):
            refuse(
                request,
                f"Nobody here is connected with this login at {name}. Sign in with your"
                " password and connect it under Security, or ask an administrator for"
                " an account.",
            )
        try:
            logins.create_user(
                login=sociallogin.account, claims=_claims(sociallogin.account)
            )
        except ValidationError as error:
            refuse(request, f"{name} let you in, but: {' '.join(error.messages)}")
        sociallogin.user = sociallogin.account.user

    @override
    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        name = provider.app.name
        if error == "cancelled":
            refuse(request, f"Signing in with {name} was cancelled there.")
        log.warning("Signing in with %s failed: %s %s", name, error, exception)
        refuse(
            request,
            f"Signing in with {name} did not work. Try again; if it happens again, tell"
            " an administrator.",
        )

    @override
    def get_connect_redirect_url(
        self, request: HttpRequest, socialaccount: SocialAccount
    ) -> str:
        return reverse("accounts:security")

    @override
    def get_requests_session(self) -> Any:
        allauths: Any = super()
        session = allauths.get_requests_session()
        if settings.CA_BUNDLE:
            session.verify = settings.CA_BUNDLE
        return session


def refuse(request: HttpRequest, message: str) -> NoReturn:
    """Lead back to where one came from, with a sentence."""
    messages.error(request, message)
    place = "security" if request.user.is_authenticated else "login"
    raise ImmediateHttpResponse(redirect(f"accounts:{place}"))


def _claims(account: SocialAccount) -> dict[str, Any]:
    claims = account.extra_data
    return {**claims.get("id_token", {}), **claims.get("userinfo", {})}
