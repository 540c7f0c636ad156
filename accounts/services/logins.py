"""Logins at OpenID Connect providers: first ones, and those connected to a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.access import SYSTEM
from accounts.models import Namespace, User
from accounts.services import audit, users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.access import Actor


@dataclass(frozen=True, slots=True)
class Login:
    """A provider, and the login at it that somebody connected, if there is one."""

    provider: str
    name: str
    account: SocialAccount | None
    offered: bool = True


def of(user: User, names: Mapping[str, str]) -> list[Login]:
    """Return the providers (their names by id) with somebody's logins.

    Logins at a provider that is not offered any more are there, too.
    """
    rows = {one.provider: one for one in SocialAccount.objects.filter(user=user)}
    offered = [Login(key, name, rows.get(key)) for key, name in names.items()]
    gone = [
        Login(key, key, row, offered=False)
        for key, row in rows.items()
        if key not in names
    ]
    return offered + gone


def disconnect(*, actor: Actor, login: SocialAccount) -> None:
    """Forget a login of the actor's.

    Raises ValidationError when the actor could not sign in any more without it.
    """
    user = login.user
    if actor.key != user.pk:
        raise PermissionDenied("Only you disconnect your logins.")
    others = SocialAccount.objects.filter(user=user).exclude(pk=login.pk)
    if not (user.has_usable_password() or others.exists() or _has_passkey(user)):
        message = (
            "You could not sign in any more: this account has no password. First add a"
            " passkey that signs in alone, or ask an administrator for a password."
        )
        raise ValidationError(message)
    with transaction.atomic():
        login.delete()
        audit.record(
            actor=actor,
            action="disconnect login",
            subject=user,
            namespace=user.namespace,
            after={"provider": login.provider},
        )


def _has_passkey(user: User) -> bool:
    rows = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return any(row.wrap().is_passwordless for row in rows)


def create_user(*, login: SocialAccount, claims: Mapping[str, Any]) -> User:
    """Make a user without a password for a login, under the name it prefers.

    Raises ValidationError when that name is missing, taken or cannot be one: a login
    never becomes an account that is there already.
    """
    name = _name(claims)
    if Namespace.objects.filter(name=name).exists():
        message = (
            f"somebody or something here is called “{name}” already. If that is you,"
            " sign in with your password and connect the login under Security;"
            " otherwise ask an administrator for an account."
        )
        raise ValidationError(message)
    with transaction.atomic():
        user = users.create(
            actor=SYSTEM, username=name, password=None, email=_email(claims)
        )
        user.first_name = str(claims.get("name") or "")[:150]
        user.save(update_fields=["first_name"])
        login.user = user
        login.save()
    return user


def _name(claims: Mapping[str, Any]) -> str:
    """Return what stands before the @ of the preferred name, in lower case."""
    preferred = str(claims.get("preferred_username") or "")
    name = preferred.partition("@")[0].strip().lower()
    if not name:
        message = (
            "it does not say what you are called there (preferred_username), so no"
            " account can be made for you. Ask an administrator."
        )
        raise ValidationError(message)
    return name


def _email(claims: Mapping[str, Any]) -> str:
    email = str(claims.get("email") or "")
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email
