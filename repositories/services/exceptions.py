"""Hide a vulnerability where it does not matter, and show it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.access import Action
from accounts.models import Namespace, User
from accounts.permissions import require
from accounts.services import audit
from repositories.models import Repository, VulnerabilityException
from repositories.signals import exception_changed

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.access import Actor

LEFT_OUT = (
    "namespace",
    "repository",
    "author",
    "ended_by",
    "ended_at",
    "expires_at",
    "expiry_noticed_at",
)


def hide(
    *,
    actor: Actor,
    scope: Repository | Namespace,
    vulnerability: str,
    reason: str,
    expires_at: datetime | None = None,
    **narrowed: str,
) -> VulnerabilityException:
    """Let a vulnerability not count in a repository or a namespace.

    `narrowed` may name a `digest` of the repository, `component_name`,
    `component_version` and `layer_digest`. Needs admin on the scope. Policies are asked
    again about the images concerned. Raises ValidationError.
    """
    require(actor, Action.ADMIN, scope)
    if not isinstance(actor.user, User):
        message = "Sign in to hide a vulnerability: its author is kept."
        raise PermissionDenied(message)
    _refuse_past(expires_at)
    where = {"repository" if isinstance(scope, Repository) else "namespace": scope}
    exception = VulnerabilityException(
        vulnerability=vulnerability.strip(),
        reason=reason.strip(),
        expires_at=expires_at,
        author=actor.user,
        **where,
        **narrowed,
    )
    exception.full_clean(exclude=LEFT_OUT)
    with transaction.atomic():
        exception.save()
        _audit(actor, "hide vulnerability", exception)
        exception_changed.send(sender=VulnerabilityException, exception_id=exception.pk)
    return exception


def unhide(*, actor: Actor, exception: VulnerabilityException) -> None:
    """Let the vulnerability count again; needs admin on the scope. Repeatable."""
    require(actor, Action.ADMIN, exception.repository or _namespace(exception))
    rows = VulnerabilityException.objects.filter(pk=exception.pk, ended_at__isnull=True)
    by = actor.user if isinstance(actor.user, User) else None
    with transaction.atomic():
        if rows.update(ended_at=timezone.now(), ended_by=by):
            _audit(actor, "unhide vulnerability", exception)
            exception_changed.send(
                sender=VulnerabilityException, exception_id=exception.pk
            )


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        message = "The time at which it ends has passed; choose a later one."
        raise ValidationError({"expires_at": message})


def _namespace(exception: VulnerabilityException) -> Namespace:
    if exception.namespace is None:
        message = "The exception has no scope."
        raise ValidationError(message)
    return exception.namespace


def _audit(actor: Actor, action: str, exception: VulnerabilityException) -> None:
    repository = exception.repository
    audit.record(
        actor=actor,
        action=action,
        subject=exception,
        namespace=repository.namespace if repository else _namespace(exception),
        after={"scope": exception.scope, "reason": exception.reason},
    )
