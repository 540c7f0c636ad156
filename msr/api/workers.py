"""MSR's workers: which answer now, and for which queues they work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from rest_framework.response import Response

from accounts.api import Operation
from accounts.permissions import require_administrator
from msr.health.broker import answering

if TYPE_CHECKING:
    from rest_framework.request import Request


class WorkerList(Operation):
    """`/workers`."""

    def get(self, _request: Request) -> Response:
        """List the workers that answer within a second; for administrators.

        While the broker is away, none does. When a worker does not answer for the time
        of a lease, others take its work: that is when it counts as dead.
        """
        require_administrator(self.actor)
        dead_by = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        workers = [
            {
                "id": name,
                "status": "running",
                "capacityMap": {},
                "heartbeatExpiration": dead_by,
                "queues": sorted(queues),
            }
            for name, queues in sorted(answering().items())
        ]
        return Response({"workers": workers})
