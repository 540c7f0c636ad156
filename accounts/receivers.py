"""What allauth does to an account goes into the audit log, and ends other sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import password_changed
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.socialaccount.signals import social_account_added
from django.dispatch import receiver

from accounts.access import Actor
from accounts.services import audit, sessions

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest

    from accounts.models import User


@receiver(password_changed)
def _password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    kept = request.session.session_key or ""
    sessions.end_others(actor=Actor(user), user=user, kept=kept)
    _note(user, "change password")


@receiver(authenticator_added)
def _factor_added(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    _note(user, "add sign-in factor", factor=str(authenticator))


@receiver(authenticator_removed)
def _factor_removed(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    _note(user, "remove sign-in factor", factor=str(authenticator))


@receiver(authenticator_reset)
def _codes_made(user: User, **_kwargs: Any) -> None:
    _note(user, "make recovery codes")


@receiver(social_account_added)
def _login_connected(sociallogin: SocialLogin, **_kwargs: Any) -> None:
    account = sociallogin.account
    _note(account.user, "connect login", provider=account.provider)


def _note(user: Any, action: str, **after: str) -> None:
    audit.record(
        actor=Actor(user),
        action=action,
        subject=user,
        namespace=user.namespace,
        after=after,
    )
