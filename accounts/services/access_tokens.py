"""Issue and revoke access tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.access import TokenScope
from accounts.authentication import TOKEN_MARK, hash_secret
from accounts.models import AccessToken, User
from accounts.services import audit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from accounts.access import Actor
    from accounts.models import Namespace


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token's row and its secret, which cannot be read again."""

    row: AccessToken
    secret: str


def issue(
    *,
    actor: Actor,
    user: User,
    label: str,
    scopes: Iterable[TokenScope] = tuple(TokenScope),
    namespace: Namespace | None = None,
    expires_at: datetime | None = None,
    request_id: UUID | None = None,
) -> IssuedToken:
    """Make an access token for oneself; administrators may for others.

    `request_id` becomes its UUID: what is asked for twice is made once. Raises
    PermissionDenied when the actor signed in with a token (a token can neither make nor
    widen tokens), ValidationError for a label or scopes that cannot be, and for a
    request that was answered before.
    """
    _require_owner_without_token(actor, user)
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = AccessToken(
        user=user,
        label=label,
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=_checked(scopes),
        namespace=namespace,
        expires_at=expires_at,
    )
    if request_id is not None:
        row.uuid = request_id
        _require_new(request_id)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record(
            actor=actor,
            action="create",
            subject=row,
            namespace=user.namespace,
            after={"label": label, "scopes": row.scopes, "for": user.username},
        )
    return IssuedToken(row, f"{TOKEN_MARK}{prefix}_{secret}")


def revoke(*, actor: Actor, token: AccessToken) -> None:
    """Switch a token off for good."""
    _require_owner_without_token(actor, token.user)
    with transaction.atomic():
        AccessToken.objects.filter(pk=token.pk).update(is_active=False)
        audit.record(
            actor=actor,
            action="revoke",
            subject=token,
            namespace=token.user.namespace,
        )


def _require_new(request_id: UUID) -> None:
    if AccessToken.objects.filter(uuid=request_id).exists():
        message = (
            "This access token was made already, and its secret is not shown again. If"
            " you have lost it, revoke the token and make another."
        )
        raise ValidationError(message)


def _checked(scopes: Iterable[TokenScope]) -> list[str]:
    wanted = sorted({TokenScope(scope).value for scope in scopes})
    if not wanted:
        message = "Choose at least one scope for the access token."
        raise ValidationError(message)
    return wanted


def _require_owner_without_token(actor: Actor, user: User) -> None:
    if actor.token is not None:
        message = "Sign in with your password: a token cannot manage access tokens."
        raise PermissionDenied(message)
    if actor.user.pk != user.pk and not actor.is_superuser:
        message = "Only administrators manage the access tokens of others."
        raise PermissionDenied(message)
