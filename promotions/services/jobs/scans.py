"""Scans as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.access import Action
from promotions.services.jobs.job import Job, Lines, Status
from repositories.models import Repository, Scan
from repositories.services.scans.cancelling import CANCELLED, cancel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.services.jobs.job import Line

STATUSES: Mapping[str, Status] = {
    Scan.State.QUEUED: Status.WAITING,
    Scan.State.RUNNING: Status.RUNNING,
    Scan.State.COMPLETED: Status.DONE,
    Scan.State.FAILED: Status.ERRORED,
}


class ScanJobs:
    """Scans, for the admins of the repository through which they were wanted."""

    actions = ("scan_check_single",)

    def rows(self, actor: Actor, action: str = "") -> QuerySet[Any]:
        """Return those of repositories that the actor administers."""
        del action
        if actor.is_administrator:
            return Scan.objects.all()
        own = Repository.objects.permitted(actor, Action.ADMIN)
        return Scan.objects.filter(repository__in=own.values("pk"))

    def running(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=Scan.State.RUNNING)

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        shown = ("manifest", "requested_by", "repository__namespace")
        return rows.select_related(*shown).defer("manifest__raw")

    def job(self, row: Any) -> Job:
        scan: Scan = row
        total = settings.SCAN_ATTEMPTS - 1
        status = STATUSES[scan.state]
        return Job(
            uuid=scan.uuid,
            action="scan_check_single",
            status=Status.CANCELED if scan.error == CANCELLED else status,
            scheduled_at=scan.created_at,
            started_at=scan.started_at,
            finished_at=scan.finished_at,
            parameters=_parameters(scan),
            retries_left=max(0, total - scan.attempts) if scan.is_open else 0,
            retries_total=total,
            deadline=settings.SCAN_DEADLINE,
            reason=scan.error,
        )

    def lines(self, row: Any) -> Iterable[Line]:
        scan: Scan = row
        lines = Lines()
        by = f"by {scan.requested_by}" if scan.requested_by else ""
        wanted = f"wanted ({scan.get_trigger_display()})"
        lines.add(scan.created_at, wanted, by, f"of {scan.manifest.digest}")
        if scan.started_at:
            said = f"{scan.origin} started; attempts so far: {scan.attempts}"
            lines.add(scan.started_at, said)
        if scan.error and scan.is_open:
            lines.add(None, f"the last attempt failed: {scan.error}")
        if scan.state == Scan.State.COMPLETED:
            lines.add(scan.finished_at, _found(scan))
        else:
            lines.add(scan.finished_at, scan.state, "" if scan.is_open else scan.error)
        return lines.lines

    def cancel(self, actor: Actor, row: Any) -> None:
        cancel(actor=actor, scan=row)


def _parameters(scan: Scan) -> dict[str, str]:
    found = {"digest": scan.manifest.digest, "scanner": scan.origin}
    if scan.repository:
        found["repository"] = scan.repository.full_name
    return found


def _found(scan: Scan) -> str:
    return (
        f"completed by {scan.source or scan.origin}: {scan.component_count} components,"
        f" {scan.vulnerability_count} vulnerabilities ({scan.critical_count} critical,"
        f" {scan.major_count} major, {scan.minor_count} minor)"
    )
