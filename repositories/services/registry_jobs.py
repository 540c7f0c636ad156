"""Keep a record of work about the whole registry, while it waits, runs and ends.

The rows say what was done; whether it is to be done, and who does it, says the
Registry's row with its wishes and leases.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Registry, RegistryJob
from repositories.services.inbox import want_reconcile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.access import Actor

State = RegistryJob.State
LOST = "The worker that had it was lost; another one began anew."
BROKE = "It broke; the log of the worker says why."


@dataclass(slots=True)
class Record:
    """What the one that works fills in as it goes; kept when it ends."""

    report: dict[str, Any] = field(default_factory=dict)


def ask(*, action: RegistryJob.Action, reason: str, by: User | None) -> RegistryJob:
    """Return the job of that kind that waits; it is made if none does."""
    try:
        with transaction.atomic():
            return RegistryJob.objects.create(
                action=action, reason=reason, requested_by=by
            )
    except IntegrityError:
        return RegistryJob.objects.get(action=action, state=State.WAITING)


def ask_reconcile(*, actor: Actor) -> RegistryJob:
    """Have the registry walked as soon as a worker is free; for administrators.

    Raises ValidationError while the brake holds: then a person has to say what to do.
    """
    require_administrator(actor)
    registry = Registry.objects.get()
    if registry.brake == Registry.Brake.ENGAGED:
        raise ValidationError(registry.brake_reason)
    reason = f"Asked for by {actor.name}."
    with transaction.atomic():
        want_reconcile(reason=reason)
        audit.record(actor=actor, action="walk", subject=registry)
        by = actor.user if isinstance(actor.user, User) else None
        return ask(action=RegistryJob.Action.RECONCILE, reason=reason, by=by)


def cancel(*, actor: Actor, job: RegistryJob) -> None:
    """Take back what no worker has begun; for administrators.

    Raises ValidationError for what runs or has ended.
    """
    require_administrator(actor)
    with transaction.atomic():
        waiting = RegistryJob.objects.filter(pk=job.pk, state=State.WAITING)
        if not waiting.update(state=State.CANCELLED, finished_at=timezone.now()):
            message = "Only what waits can be cancelled: a worker has begun this, or"
            message += " it has ended."
            raise ValidationError(message)
        audit.record(actor=actor, action="cancel", subject=job)
        Registry.objects.update(**_no_wish(job))


def _no_wish(job: RegistryJob) -> dict[str, Any]:
    if job.action == RegistryJob.Action.SCAN_ALL:
        return {"scan_all_wanted_at": None}
    return {"reconcile_wanted_at": None, "reconcile_reason": ""}


@contextmanager
def running(
    action: RegistryJob.Action,
    *,
    reason: str = "",
    told: tuple[type[Exception], ...] = (),
) -> Iterator[Record]:
    """Record what happens inside as a job, whatever its end.

    Of the errors `told` the text is kept. The caller holds the lease of the work, so
    what is said to run still is lost.
    """
    job, record = _begin(action, reason), Record()
    try:
        yield record
    finally:
        _end(job, record, _sentence(sys.exception(), told))


def _begin(action: RegistryJob.Action, reason: str) -> RegistryJob:
    now, rows = timezone.now(), RegistryJob.objects.filter(action=action)
    rows.filter(state=State.RUNNING).update(
        state=State.FAILED, finished_at=now, error=LOST
    )
    rows.filter(finished_at__lt=now - timedelta(settings.DECISION_DAYS)).delete()
    job = rows.filter(state=State.WAITING).first() or RegistryJob(action=action)
    job.state, job.started_at = State.RUNNING, now
    job.reason = job.reason or reason
    job.save()
    return job


def _end(job: RegistryJob, record: Record, error: str) -> None:
    """Write the end, unless another worker took it for lost meanwhile."""
    rows = RegistryJob.objects.filter(pk=job.pk, state=State.RUNNING)
    rows.update(
        state=State.FAILED if error else State.DONE,
        finished_at=timezone.now(),
        report=record.report,
        error=error[:500],
    )


def _sentence(error: BaseException | None, told: tuple[type[Exception], ...]) -> str:
    if error is None:
        return ""
    return str(error) if isinstance(error, told) else BROKE
