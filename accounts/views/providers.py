"""The way to an OpenID Connect provider, and back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
)
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from typing_extensions import override

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest, HttpResponse

# What it raises when a provider is away, refuses, or says what makes no sense.
NO_ANSWER = (OAuth2Error, OSError, ValueError, KeyError, TypeError, AttributeError)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class IssuerAdapter(OpenIDConnectOAuth2Adapter):
    """Believes an issuer only what it may say, and binds logins to it.

    The issuer of discovery and of the ID token must be the one of the settings: else
    one provider could vouch for the people of another.
    """

    @property
    @override
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        expected = _app(self).settings["server_url"]
        if str(config.get("issuer", "")).rstrip("/") != expected:
            raise OAuth2Error(f"the issuer of {expected} calls itself otherwise")
        if missing := [name for name in ENDPOINTS if not config.get(name)]:
            raise OAuth2Error(f"{expected} does not name its {', '.join(missing)}")
        return config

    @override
    def complete_login(self, *args: Any, **kwargs: Any) -> SocialLogin:
        login: SocialLogin = super().complete_login(*args, **kwargs)
        claims = login.account.extra_data.get("id_token")
        if not claims or not claims.get("sub"):
            raise OAuth2Error("there was no ID token")
        userinfo = login.account.extra_data.get("userinfo") or claims
        if userinfo.get("sub") != claims["sub"]:
            raise OAuth2Error("ID token and userinfo speak of two people")
        login.account.uid = bound(claims["iss"], claims["sub"])
        return login

    @override
    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        info: dict[str, Any] = super()._fetch_user_info(access_token)
        return info


def bound(issuer: str, subject: str) -> str:
    """Return what a login is known by: issuer and subject, of any length, as one."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


@require_POST
@never_cache
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider, to sign in or to connect a login there.

    By a page of our own: after a form is sent, browsers follow no redirect to another
    site where the content security policy does not name it.
    """
    adapter = _adapter(request, provider_id)
    response = _handled(request, adapter, OAuth2LoginView.adapter_view(adapter))
    if not _leaves(response):
        return response
    shown = {"address": _address(response), "name": _app(adapter).name}
    return render(request, "accounts/leaving.html", shown)


@require_safe
@never_cache
def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take what the provider says about who came back."""
    adapter = _adapter(request, provider_id)
    return _handled(request, adapter, OAuth2CallbackView.adapter_view(adapter))


def _adapter(request: HttpRequest, provider_id: str) -> IssuerAdapter:
    adapter = IssuerAdapter(request, provider_id)
    try:
        app = _app(adapter)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    if app.provider_id != provider_id:  # allauth's name for all of them
        raise Http404
    return adapter


def _handled(request: HttpRequest, adapter: IssuerAdapter, view: Any) -> HttpResponse:
    """Run a view of allauth's; whatever a provider does wrong becomes a sentence."""
    try:
        response: HttpResponse = view(request)
    except NO_ANSWER as error:
        try:
            get_adapter().on_authentication_error(
                request, _provider(adapter), exception=error
            )
        except ImmediateHttpResponse as refusal:
            return refusal.response
        raise
    return response


def _provider(adapter: Any) -> Any:
    return adapter.get_provider()


def _app(adapter: Any) -> Any:
    return _provider(adapter).app


def _leaves(response: HttpResponse) -> bool:
    return _address(response).startswith(("https://", "http://"))


def _address(response: HttpResponse) -> str:
    return response.headers.get("Location", "")
