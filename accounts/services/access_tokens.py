"""Issue and revoke access tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.access import Actor, TokenScope
from accounts.authentication import TOKEN_MARK, hash_secret
from accounts.models import AccessToken, User
from accounts.services import audit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

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
) -> IssuedToken:
    """Make an access token for oneself; administrators may for others.

    Raises PermissionDenied when the actor signed in with a token: a token can
    neither make nor widen tokens.
    """
    row = AccessToken(
        user=user, label=label, namespace=namespace, expires_at=expires_at
    )
    return _issue(actor, row, scopes)


def issue_once(
    *,
    user: User,
    request_id: UUID,
    label: str,
    scopes: Iterable[TokenScope],
    namespace: Namespace | None,
    expires_at: datetime | None,
) -> IssuedToken:
    """Make an access token for who is signed in to the portal, once for each request.

    `request_id` becomes its UUID. Raises ValidationError for a request that was
    answered before.
    """
    if AccessToken.objects.filter(uuid=request_id).exists():
        message = (
            "This access token was made already, and its secret is not shown again. If"
            " you have lost it, revoke the token and make another."
        )
        raise ValidationError(message)
    row = AccessToken(uuid=request_id, user=user, label=label)
    row.namespace, row.expires_at = namespace, expires_at
    return _issue(Actor(user), row, scopes)


def _issue(actor: Actor, row: AccessToken, scopes: Iterable[TokenScope]) -> IssuedToken:
    user = row.user
    _require_owner_without_token(actor, user)
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row.prefix, row.secret_hash = prefix, hash_secret(secret)
    row.scopes = _checked(scopes)
    row.full_clean()
    with transaction.atomic():
        row.save()
        audit.record(
            actor=actor,
            action="create",
            subject=row,
            namespace=user.namespace,
            after={"label": row.label, "scopes": row.scopes, "for": user.username},
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
