"""Issue, switch, revoke and delete access tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.access import Action, Actor, TokenScope
from accounts.authentication import TOKEN_MARK, hash_secret
from accounts.models import AccessToken, Robot, User
from accounts.permissions import require
from accounts.services import audit
from accounts.services.robots import require_responsible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from accounts.models import Namespace
    from accounts.querysets import AccessTokenQuerySet


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token's row and its secret, which cannot be read again."""

    row: AccessToken
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new token shall be.

    Without `expires_at` a person's token has no end, a robot's has the robot's.
    `request_id` becomes its UUID: a request that is sent twice makes one token.
    """

    label: str
    scopes: Iterable[TokenScope] = tuple(TokenScope)
    namespace: Namespace | None = None
    expires_at: datetime | None = None
    creator_ua: str = ""
    request_id: UUID | None = None


def issue(
    *,
    actor: Actor,
    user: User,
    label: str,
    scopes: Iterable[TokenScope] = tuple(TokenScope),
    namespace: Namespace | None = None,
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Make an access token, as `issue_wanted` does."""
    wanted = Wanted(label, scopes, namespace, expires_at)
    return issue_wanted(actor=actor, user=user, wanted=wanted)


def issue_wanted(*, actor: Actor, user: User, wanted: Wanted) -> IssuedToken:
    """Make an access token for oneself; administrators may for others.

    Those of a robot are made by the admin of its namespace who answers for it. Raises
    PermissionDenied when the actor signed in with a token: a token can neither make nor
    widen tokens; and ValidationError for a request that was answered before.
    """
    _require_manager(actor, user)
    robot = _robot_of(user)
    if robot is not None:
        require_responsible(actor, robot)
    _refuse_repeated(wanted)
    row = AccessToken(
        user=user,
        label=wanted.label,
        namespace=wanted.namespace,
        expires_at=_end(user, wanted.expires_at),
        creator_ua=wanted.creator_ua[:200],
    )
    if wanted.request_id is not None:
        row.uuid = wanted.request_id
    with transaction.atomic():
        issued = save_new(row, wanted.scopes)
        facts: dict[str, object] = {"label": row.label, "scopes": row.scopes}
        _record(actor, "create", row, {**facts, "for": user.username})
    return issued


def save_new(row: AccessToken, scopes: Iterable[TokenScope]) -> IssuedToken:
    """Give the row its secret and save it; the caller checks rights, and records."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row.prefix, row.secret_hash = prefix, hash_secret(secret)
    row.scopes = checked_scopes(scopes)
    row.full_clean()
    row.save()
    return IssuedToken(row, f"{TOKEN_MARK}{prefix}_{secret}")


def update(
    *,
    actor: Actor,
    token: AccessToken,
    label: str | None = None,
    is_active: bool | None = None,
) -> AccessToken:
    """Label a token otherwise, or switch it off or on again; None leaves it.

    Raises ValidationError for one that was revoked, which is for good.
    """
    _require_manager(actor, token.user)
    before = {"label": token.label, "is_active": token.is_active}
    if is_active and token.revoked_at is not None:
        message = "This access token was revoked, which is for good; make another."
        raise ValidationError({"is_active": message})
    token.label = token.label if label is None else label
    token.is_active = token.is_active if is_active is None else is_active
    token.full_clean(validate_unique=False)
    after = {"label": token.label, "is_active": token.is_active}
    # What is left alone may have been changed meanwhile: a token switched off stays so.
    given = {"label": label, "is_active": is_active}
    with transaction.atomic():
        token.save(update_fields=[n for n, value in given.items() if value is not None])
        _record(actor, "update", token, after, before)
    return token


def revoke(*, actor: Actor, token: AccessToken) -> None:
    """Switch a token off for good; it stays in the list."""
    _require_manager(actor, token.user)
    with transaction.atomic():
        rows = AccessToken.objects.filter(pk=token.pk)
        rows.update(is_active=False, revoked_at=timezone.now())
        _record(actor, "revoke", token)


def delete(*, actor: Actor, token: AccessToken) -> None:
    """Take a token away; the audit log alone remembers it."""
    _require_manager(actor, token.user)
    with transaction.atomic():
        _record(actor, "delete", token, before={"label": token.label})
        token.delete()


def clean_up(*, actor: Actor, tokens: AccessTokenQuerySet) -> int:
    """Delete all of the tokens that the actor may manage; return how many."""
    refuse_tokens(actor)
    rows = tokens.visible_to(actor).select_related("user__namespace")
    with transaction.atomic():
        found = list(rows)
        for token in found:
            _record(actor, "delete", token, before={"label": token.label})
        AccessToken.objects.filter(pk__in=[token.pk for token in found]).delete()
    return len(found)


def refuse_tokens(actor: Actor) -> None:
    """Raise PermissionDenied when a token asks: it may be stolen, and would stay."""
    if actor.uses_token:
        message = "Sign in with your password: a token cannot manage access tokens."
        raise PermissionDenied(message)


def checked_scopes(scopes: Iterable[TokenScope]) -> list[str]:
    """Return the scopes as they are stored; raises ValidationError for none."""
    wanted = sorted({TokenScope(scope).value for scope in scopes})
    if not wanted:
        message = "Choose at least one scope for the access token."
        raise ValidationError(message)
    return wanted


def _refuse_repeated(wanted: Wanted) -> None:
    if wanted.request_id is None:
        return
    if AccessToken.objects.filter(uuid=wanted.request_id).exists():
        message = (
            "This access token was made already, and its secret is not shown again. If"
            " you have lost it, revoke the token and make another."
        )
        raise ValidationError(message)


def _end(user: User, wanted: datetime | None) -> datetime | None:
    """Return when the token ends: in the future, and a robot's not after the robot."""
    if wanted is not None and wanted <= timezone.now():
        message = "Choose a time in the future for the access token to expire."
        raise ValidationError({"expires_at": message})
    robot = _robot_of(user)
    if robot is None:
        return wanted
    if wanted is not None and wanted > robot.expires_at:
        message = f"The robot “{robot}” expires before that; renew it first."
        raise ValidationError({"expires_at": message})
    return wanted or robot.expires_at


def _robot_of(user: User) -> Robot | None:
    if not user.is_robot:
        return None
    rows = Robot.objects.select_related("namespace", "responsible")
    return rows.get(user=user)


def _require_manager(actor: Actor, user: User) -> None:
    refuse_tokens(actor)
    robot = _robot_of(user)
    if robot is not None:
        require(actor, Action.ADMIN, robot.namespace)
    elif actor.user.pk != user.pk and not actor.is_superuser:
        message = "Only administrators manage the access tokens of others."
        raise PermissionDenied(message)


def _record(
    actor: Actor,
    action: str,
    token: AccessToken,
    after: dict[str, object] | None = None,
    before: dict[str, object] | None = None,
) -> None:
    robot = _robot_of(token.user)
    audit.record(
        actor=actor,
        action=action,
        subject=token,
        namespace=robot.namespace if robot else token.user.namespace,
        before=before,
        after=after,
    )
