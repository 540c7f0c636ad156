"""MSR's crons: what beat sends, and how often. Settings say so, so it is only read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.response import Response
from typing_extensions import override

from accounts.api import Operation
from accounts.permissions import require_administrator
from msr.celery import app

if TYPE_CHECKING:
    from rest_framework.request import Request

WRITTEN_ELSEWHERE = (
    "The schedule is set where the portal is run, by settings that begin with MSR_ and"
    " end with PERIOD; it cannot be changed from here."
)


class _Schedule(Operation):
    """Read by administrators, changed by nobody."""

    missing = "NO_SUCH_CRON"

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_administrator(self.actor)

    @override
    def http_method_not_allowed(
        self, request: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if request.method in ("POST", "DELETE"):
            raise MethodNotAllowed(request.method, WRITTEN_ELSEWHERE)
        return super().http_method_not_allowed(request, *args, **kwargs)


class CronList(_Schedule):
    """`/crons`."""

    def get(self, _request: Request) -> Response:
        """List the periodic work; for administrators."""
        return Response({"crons": list(_crons().values())})


class CronDetail(_Schedule):
    """`/crons/{action}`."""

    def get(self, _request: Request, action: str) -> Response:
        """Show one kind of periodic work; for administrators."""
        cron = _crons().get(action)
        if cron is None:
            message = f"There is no periodic work “{action[:50]}”."
            raise NotFound(message, code=self.missing)
        return Response(cron)


def _crons() -> dict[str, dict[str, Any]]:
    app.finalize()  # nothing is scheduled before
    now = timezone.now()
    return {
        name: _cron(name, float(entry["schedule"]), now)
        for name, entry in sorted(app.conf.beat_schedule.items())
    }


def _cron(name: str, seconds: float, now: datetime) -> dict[str, Any]:
    """Return tmpresponses.Cron; only beat knows when it runs next: by then at last."""
    return {
        "id": uuid5(NAMESPACE_URL, f"msr:cron:{name}"),
        "action": name,
        "schedule": f"@every {seconds:g}s",
        "retries": 0,
        "capacityMap": {},
        "parameters": {},
        "deadline": "",
        "stopTimeout": "",
        "nextRun": now + timedelta(seconds=seconds),
    }
