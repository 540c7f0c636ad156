"""What keeps one's account safe: password, second factors, sessions, other logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.base import ContextMixin
from typing_extensions import override

from accounts.authentication import actor_of, person_of
from accounts.forms.signing_in import (
    AppForm,
    PasskeyForm,
    PasskeyNameForm,
    PasswordForm,
)
from accounts.services import logins, sessions
from accounts.tabs import person_context
from accounts.views.passkey_options import with_passkey_options

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

SHOWN = 100
SECURITY = reverse_lazy("accounts:security")


@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Show how one signs in, and where one is signed in."""
    user = person_of(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    codes = _first(factors, Authenticator.Type.RECOVERY_CODES)
    context = {
        **person_context("security"),
        "app": _first(factors, Authenticator.Type.TOTP),
        "codes": codes,
        "codes_left": len(RecoveryCodes(codes).get_unused_codes()) if codes else 0,
        "passkeys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "sessions": sessions.of(user)[:SHOWN],
        "session_key": request.session.session_key,
        "logins": logins.of(user, _providers(request)),
    }
    return render(request, "accounts/security.html", context)


def _providers(request: HttpRequest) -> dict[str, str]:
    """Return the names of the providers by their ids."""
    found = get_adapter().list_providers(request)
    return {one.app.provider_id: one.app.name for one in found}


def _first(factors: list[Authenticator], kind: str) -> Authenticator | None:
    return next((one for one in factors if one.type == kind), None)


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign oneself out somewhere."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    is_here = session.session_key == request.session.session_key
    sessions.end(actor=actor_of(request), session=session)
    if is_here:
        request.session.flush()
        return redirect("accounts:login")
    messages.success(request, "That session is over.")
    return redirect(SECURITY)


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign oneself out everywhere but here."""
    kept = request.session.session_key or ""
    actor, user = actor_of(request), person_of(request)
    sessions.end_others(actor=actor, user=user, kept=kept)
    messages.success(request, "All other sessions are over.")
    return redirect(SECURITY)


class OfSecurity(ContextMixin):
    """What the pages have in common that belong to the tab."""

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**person_context("security"), **super().get_context_data(**kwargs)}


class PasswordView(OfSecurity, account.PasswordChangeView):
    """Changes the password; where there is none, says who can set one."""

    form_class = PasswordForm
    template_name = "accounts/password.html"
    success_url = SECURITY

    @override
    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            messages.info(
                request, "Your account has no password. An administrator can set one."
            )
            return redirect(SECURITY)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class AddAppView(OfSecurity, totp.ActivateTOTPView):
    """Shows the secret of an authenticator app and asks for its first code."""

    form_class = AppForm
    template_name = "accounts/app_form.html"


class RemoveAppView(OfSecurity, totp.DeactivateTOTPView):
    """Asks before the authenticator app is removed."""

    template_name = "accounts/app_confirm_remove.html"
    success_url = SECURITY


@method_decorator(never_cache, name="dispatch")
class CodesView(OfSecurity, recovery.ViewRecoveryCodesView):
    """Shows the recovery codes, once."""

    template_name = "accounts/codes.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        return {**shown, "all_codes": "\n".join(shown["unused_codes"])}


class NewCodesView(OfSecurity, recovery.GenerateRecoveryCodesView):
    """Asks before the old recovery codes are replaced."""

    template_name = "accounts/codes_confirm_new.html"


class AddPasskeyView(passkeys.AddWebAuthnView):
    """Asks the browser for a new passkey.

    The page asks for a key that signs in alone; the module takes that back where the
    tick is not set.
    """

    form_class = PasskeyForm
    template_name = "accounts/passkey_form.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # allauth's own leaves the bound form, with what is wrong in it, out.
        shown = {**super().get_context_data(**kwargs), **kwargs}
        return with_passkey_options(person_context("security") | shown)


class RenamePasskeyView(OfSecurity, passkeys.EditWebAuthnView):
    """Gives a passkey another name."""

    form_class = PasskeyNameForm
    template_name = "accounts/passkey_rename.html"
    success_url = SECURITY


class RemovePasskeyView(OfSecurity, passkeys.RemoveWebAuthnView):
    """Asks before a passkey is removed."""

    template_name = "accounts/passkey_confirm_remove.html"
    success_url = SECURITY


@login_required
@require_POST
@reauthentication_required
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the login at a provider, unless one could not sign in any more."""
    login = get_object_or_404(SocialAccount, pk=pk, user=request.user)
    try:
        logins.disconnect(actor=actor_of(request), login=login)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The login is disconnected.")
    return redirect(SECURITY)
