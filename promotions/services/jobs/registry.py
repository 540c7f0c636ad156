"""Work on the whole registry as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promotions.services.jobs.job import Job, Lines, Status
from repositories.models import RegistryJob
from repositories.services import registry_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.services.jobs.job import Line

STATUSES: Mapping[str, Status] = {
    RegistryJob.State.WAITING: Status.WAITING,
    RegistryJob.State.RUNNING: Status.RUNNING,
    RegistryJob.State.DONE: Status.DONE,
    RegistryJob.State.FAILED: Status.ERRORED,
    RegistryJob.State.CANCELLED: Status.CANCELED,
}


class RegistryJobs:
    """Walks over the registry and scans of all of it, for administrators."""

    actions = tuple(action.value for action in RegistryJob.Action)

    def rows(self, actor: Actor, action: str = "") -> QuerySet[Any]:
        """Return all to administrators, to others none."""
        if not actor.is_administrator:
            return RegistryJob.objects.none()
        rows = RegistryJob.objects.all()
        return rows.filter(action=action) if action else rows

    def running(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=RegistryJob.State.RUNNING)

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("requested_by")

    def job(self, row: Any) -> Job:
        job: RegistryJob = row
        return Job(
            uuid=job.uuid,
            action=job.action,
            status=STATUSES[job.state],
            scheduled_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            parameters={},
            reason=job.error,
        )

    def lines(self, row: Any) -> Iterable[Line]:
        job: RegistryJob = row
        lines = Lines()
        lines.add(job.created_at, "wanted:", job.reason or "as scheduled")
        if job.started_at:
            lines.add(job.started_at, "started")
        for name, found in job.report.items():
            if isinstance(found, list):
                for one in found:
                    lines.add(None, f"{name}: {one}")
            else:
                lines.add(None, f"{name}: {found}")
        lines.add(job.finished_at, job.state, job.error)
        return lines.lines

    def cancel(self, actor: Actor, row: Any) -> None:
        registry_jobs.cancel(actor=actor, job=row)
