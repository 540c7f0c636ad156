"""Walk the registry; feed pushes whose notification was lost through the same steps.

The first complete walk is a baseline: tags are recorded and nothing is promoted. When
more than a set share of the tags would change, the brake stops the walk before anything
is written, and an administrator says what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import structlog
from django.conf import settings
from django.utils import timezone

from repositories.models import Registry, RegistryJob, Tag
from repositories.registry import RegistryError
from repositories.services import registry_jobs
from repositories.services.reconcile.changes import apply
from repositories.services.reconcile.compare import differences
from repositories.services.reconcile.lease import AlreadyRunning, Lease, is_wanted
from repositories.services.reconcile.report import Change, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AlreadyRunning",
    "BrakeEngaged",
    "Change",
    "Report",
    "is_wanted",
    "reconcile",
]

log = structlog.get_logger()

BRAKE_FLOOR = 20


class BrakeEngaged(Exception):
    """So much would change that an administrator must decide; the text says why."""


def reconcile(*, accept: str = "") -> Report:
    """Walk the whole registry once and write what differs.

    `accept` releases the brake for this walk: ``record`` writes the tags without
    promoting anything, ``evaluate`` treats the changes as pushes. Raises
    AlreadyRunning, BrakeEngaged, or RegistryError when the registry cannot be walked.
    """
    lease = Lease.take()
    try:
        with registry_jobs.running(
            RegistryJob.Action.RECONCILE,
            reason=lease.registry.reconcile_reason,
            told=(AlreadyRunning, BrakeEngaged, RegistryError),
        ) as record:
            report = _walk(lease, accept)
            record.report = report.as_kept()
            _finish(lease.registry, report)
    finally:
        lease.release()
    log.info(
        "reconciled",
        repositories=report.repositories,
        tags=report.tags,
        recorded=report.recorded,
        removed=report.removed,
        unmanaged=len(report.unmanaged),
        refused=len(report.refused),
    )
    return report


def _walk(lease: Lease, accept: str) -> Report:
    """Write while walking, or after it where the brake must see all changes first."""
    report = Report(is_baseline=lease.registry.baseline_at is None)
    changes: Iterable[Change] = differences(report, lease)
    if not (report.is_baseline or accept):
        changes = _within_brake(lease.registry, report, changes)
    for change in changes:
        lease.renew()
        apply(report, change, record_only=report.is_baseline or accept == "record")
    return report


def _within_brake(
    registry: Registry, report: Report, changes: Iterable[Change]
) -> list[Change]:
    """Return the changes, unless they are so many that it looks like a restore."""
    known = Tag.objects.filter(repository__deleted_at__isnull=True).count()
    allowed = max(BRAKE_FLOOR - 1, int(settings.RECONCILE_BRAKE * known))
    within: list[Change] = []
    for change in changes:
        within.append(change)
        if len(within) > allowed:
            _engage_brake(registry, f"More than {allowed} of {known} tags would change")
    if known and not report.tags:
        _engage_brake(registry, f"The registry has none of the {known} known tags")
    return within


def _engage_brake(registry: Registry, what: str) -> NoReturn:
    reason = (
        f"{what}. If that is right, run “manage.py reconcile --accept record” (write,"
        " promote nothing) or “--accept evaluate” (treat the changes as pushes)."
    )
    Registry.objects.filter(pk=registry.pk).update(
        brake=Registry.Brake.ENGAGED, brake_reason=reason, reconcile_wanted_at=None
    )
    log.error("reconcile_brake", reason=reason)
    raise BrakeEngaged(reason)


def _finish(registry: Registry, report: Report) -> None:
    """Note the walk; a wish made meanwhile stays: the walk may be past its place."""
    now = timezone.now()
    values = {
        "reconciled_at": now,
        "brake": Registry.Brake.RELEASED,
        "brake_reason": "",
    }
    if report.is_baseline:
        values["baseline_at"] = now
    row = Registry.objects.filter(pk=registry.pk)
    row.update(**values)
    row.filter(reconcile_wanted_at=registry.reconcile_wanted_at).update(
        reconcile_wanted_at=None, reconcile_reason=""
    )
