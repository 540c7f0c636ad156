"""Signing in and out: with a password, a second factor or a passkey."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.generic.base import ContextMixin, TemplateResponseMixin
from typing_extensions import override

from accounts.forms.signing_in import (
    ConfirmCodeForm,
    ConfirmPasskeyForm,
    ConfirmPasswordForm,
    PasskeySignInForm,
    PasskeyStepForm,
    SecondStepForm,
    SignInForm,
)
from accounts.views.coming_back import page_before
from accounts.views.passkey_options import with_passkey_options

if TYPE_CHECKING:
    from django.http import HttpRequest


WAYS = {
    "reauthenticate": "Use the password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class SignInView(account.LoginView):
    """The page everybody without a session lands on; `next` is checked."""

    template_name = "accounts/login.html"
    form_class = SignInForm

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        providers = get_adapter().list_providers(self.request)
        return {**shown, "providers": providers}


class SignOutView(account.LogoutView):
    """Ends the session, or a sign-in that stopped half-way; POST only."""

    http_method_names = ["post", "options"]


class SecondStepView(factors.AuthenticateView):
    """Asks for a code or a passkey after the password."""

    form_class = SecondStepForm
    webauthn_form_class = PasskeyStepForm
    template_name = "accounts/second_step.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        user, kinds = self.stage.login.user, [Authenticator.Type.WEBAUTHN]
        shown |= {"redirect_field": "", "has_passkeys": is_mfa_enabled(user, kinds)}
        return with_passkey_options(shown)


class PasskeySignInView(passkeys.LoginWebAuthnView):
    """Signs in with a passkey alone; GET gives what the browser needs, as JSON."""

    form_class = PasskeySignInForm

    @override
    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(
            self.request,
            "That passkey is not known here, or belongs to an account that is gone."
            " Sign in with your password.",
        )
        return redirect("accounts:login")


class _Confirming(TemplateResponseMixin, ContextMixin):
    """What the three pages have in common that ask whether it is really you."""

    template_name = "accounts/confirm.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        ways = [
            {"url": way["url"], "text": WAYS[way["id"]]}
            for way in shown["reauthentication_alternatives"]
        ]
        return with_passkey_options({**shown, "ways": ways})


class ConfirmPasswordView(_Confirming, account.ReauthenticateView):
    """Asks for the password again before something sensitive."""

    form_class = ConfirmPasswordForm


class ConfirmCodeView(_Confirming, factors.ReauthenticateView):
    """Asks for a code instead."""

    form_class = ConfirmCodeForm


class ConfirmPasskeyView(_Confirming, passkeys.ReauthenticateWebAuthnView):
    """Asks for a passkey instead."""

    form_class = ConfirmPasskeyForm

    @override
    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, "That was none of your passkeys. Try again.")
        return HttpResponseRedirect(self.request.get_full_path())


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say why a form was not taken, and lead back to it."""
    del reason
    page = page_before(request)
    response = render(
        request, "403_csrf.html", {"page": page}, status=HTTPStatus.FORBIDDEN
    )
    if getattr(request, "htmx", False):
        response["HX-Refresh"] = "true"  # the page anew, with a token that is good
    return response
