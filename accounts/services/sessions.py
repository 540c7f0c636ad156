"""The places where somebody is signed in, and ending them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.permissions import require_administrator
from accounts.services import audit

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from accounts.access import Actor
    from accounts.models import User


def of(user: User) -> QuerySet[UserSession]:
    """Return where somebody is signed in now, the latest first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(user=user)
    rows = rows.filter(session_key__in=alive.values("session_key"))
    return rows.order_by("-created_at", "-pk")


def end(*, actor: Actor, session: UserSession) -> None:
    """Sign the actor out in one place."""
    _require_self(actor, session.user)
    _end(actor, session.user, UserSession.objects.filter(pk=session.pk))


def end_all(*, actor: Actor, user: User) -> int:
    """Sign somebody out; return of how many places. Administrators only."""
    require_administrator(actor)
    rows = UserSession.objects.filter(user=user)
    return _end(actor, user, rows, _unlisted(user))


def end_others(*, actor: Actor, user: User, kept: str) -> None:
    """Sign the actor out everywhere but in the session with the key `kept`."""
    _require_self(actor, user)
    rows = UserSession.objects.filter(user=user).exclude(session_key=kept)
    _end(actor, user, rows, _unlisted(user) - {kept})


def _unlisted(user: User) -> set[str]:
    """Return the keys of sessions that are on no list: they began before there was one.

    Whom such a session is of stands inside it.
    """
    listed = UserSession.objects.values("session_key")
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    rows = alive.exclude(session_key__in=listed).iterator()
    key = str(user.pk)
    return {row.pk for row in rows if row.get_decoded().get(SESSION_KEY) == key}


def _require_self(actor: Actor, user: User) -> None:
    if actor.uses_token or actor.key != user.pk:
        message = "Only you end your sessions, signed in to the portal."
        raise PermissionDenied(message)


def _end(
    actor: Actor,
    user: User,
    rows: QuerySet[UserSession],
    unlisted: Collection[str] = (),
) -> int:
    with transaction.atomic():
        keys = [*rows.values_list("session_key", flat=True), *unlisted]
        Session.objects.filter(session_key__in=keys).delete()
        rows.delete()
        audit.record(
            actor=actor,
            action="end sessions",
            subject=user,
            namespace=user.namespace,
            after={"ended": len(keys)},
        )
    return len(keys)
