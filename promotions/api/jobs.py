"""MSR's jobs: what workers did, do, and are to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response
from typing_extensions import override

from accounts.api import Form, Operation, no_such
from accounts.permissions import require_administrator
from promotions.services.jobs import Asked, Job, find, listed, start

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from promotions.services.jobs.job import JobKind

MOST = 1000
FARTHEST = 10_000  # further back, a list is narrowed by its action
ANY = "any"
YES = ("true", "t", "1", "yes")
KEPT = (
    "What was done stays on record, so jobs are not deleted one by one. Stop one that"
    " has not ended with POST to its address with /cancel; MSR_EVENT_DAYS says when"
    " old history goes."
)


class JobQuery(Form):
    """MSR's filters: `any` asks for nothing; pages are counted, not keyed."""

    action = serializers.CharField(default=ANY, max_length=50)
    worker = serializers.CharField(default=ANY, max_length=200)
    running = serializers.CharField(default=ANY, max_length=10)
    start = serializers.IntegerField(default=0, min_value=0, max_value=FARTHEST)
    limit = serializers.IntegerField(default=10, min_value=1)


class JobForm(Form):
    """MSR: tmpforms.JobSubmission; jobs begin at once, with what settings say."""

    action = serializers.CharField(max_length=50)
    scheduled_at = serializers.CharField(required=False, allow_blank=True)

    def validate_scheduled_at(self, sent: str) -> str:
        """Refuse times to come; raises ValidationError for what is no time."""
        if (
            sent
            and serializers.DateTimeField().to_internal_value(sent) > timezone.now()
        ):
            message = "Jobs begin at once: leave the time out."
            raise serializers.ValidationError(message)
        return sent


class LogQuery(Form):
    """MSR's parameters; `limit` 0 is no limit, and `stream` ends with what is known."""

    stream = serializers.BooleanField(default=False)
    offset = serializers.IntegerField(default=0, min_value=0)
    limit = serializers.IntegerField(default=0, min_value=0)


class JobList(Operation):
    """`/jobs`."""

    def get(self, _request: Request) -> Response:
        """List jobs, the most recently scheduled first.

        Administrators see all; others the promotions, scans and webhooks of what they
        administer.
        No job says which worker has it, so none is found by a `worker`.
        """
        query = self.query(JobQuery)
        first, limit = query["start"], min(query["limit"], MOST)
        found = [] if _chosen(query["worker"]) else self._listed(query, first, limit)
        shown = [job_json(job) for job in found[:limit]]
        headers = {}
        if len(found) > limit:
            headers["X-Next-Page-Start"] = str(first + limit)
        return Response({"jobs": shown}, headers=headers)

    def _listed(self, query: dict[str, Any], first: int, limit: int) -> list[Job]:
        """Return the page and, if there is one, the first job behind it."""
        running = query["running"].lower() in YES
        asked = Asked(action=_chosen(query["action"]), is_running=running)
        return listed(self.actor, asked, start=first, limit=limit + 1)

    def post(self, _request: Request) -> Response:
        """Begin a job: `reconcile` or `scan_check_all`; for administrators."""
        require_administrator(self.actor)  # before anything is said of the body
        job = start(actor=self.actor, action=self.body(JobForm)["action"])
        return Response(job_json(job), status=202)


class JobOperation(Operation):
    """What belongs to one job."""

    missing = "NO_SUCH_JOB"

    def found(self, job_id: UUID) -> tuple[JobKind, Any]:
        """Return the kind and the row; raises NO_SUCH_JOB."""
        found = find(self.actor, job_id)
        if found is None:
            raise no_such(
                self.actor, self.missing, "No job with this id is visible to you."
            )
        return found


class JobDetail(JobOperation):
    """`/jobs/{jobID}`."""

    def get(self, _request: Request, job_id: UUID) -> Response:
        """Show one job."""
        kind, row = self.found(job_id)
        return Response(job_json(kind.job(row)))

    @override
    def http_method_not_allowed(
        self, request: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if request.method == "DELETE":
            raise MethodNotAllowed("DELETE", KEPT)
        return super().http_method_not_allowed(request, *args, **kwargs)


class JobCancel(JobOperation):
    """`/jobs/{jobID}/cancel`."""

    def post(self, _request: Request, job_id: UUID) -> Response:
        """Stop a job that has not ended; one that runs stops as soon as it can.

        Promotions are cancelled by admins of their ends, webhooks by those of what they
        are about, anything else by administrators.
        """
        kind, row = self.found(job_id)
        kind.cancel(self.actor, row)
        return Response(status=204)


class JobLogs(JobOperation):
    """`/jobs/{jobID}/logs`."""

    def get(self, _request: Request, job_id: UUID) -> Response:
        """Tell what is known of a job's steps, a line each."""
        query = self.query(LogQuery)
        kind, row = self.found(job_id)
        first = query["offset"]
        last = first + query["limit"] if query["limit"] else None
        lines = list(enumerate(kind.lines(row)))[first:last]
        return Response([{"data": str(one), "lineNum": at} for at, one in lines])


def job_json(job: Job) -> dict[str, Any]:
    """Return tmpresponses.Job; beyond it the reason of an end that was none."""
    return {
        "id": job.uuid,
        "retryFromID": str(job.retry_from or ""),
        "workerID": "",
        "status": job.status,
        "scheduledAt": job.scheduled_at,
        "lastUpdated": job.finished_at or job.started_at or job.scheduled_at,
        "action": job.action,
        "retriesLeft": job.retries_left,
        "retriesTotal": job.retries_total,
        "capacityMap": {},
        "parameters": job.parameters,
        "deadline": f"{job.deadline}s" if job.deadline else "",
        "stopTimeout": "",
        "reason": job.reason,
    }


def _chosen(sent: str) -> str:
    return "" if sent.lower() == ANY else sent
