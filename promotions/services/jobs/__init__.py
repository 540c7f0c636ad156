"""MSR's jobs, out of the rows that are work: promotions, scans, webhooks."""

from __future__ import annotations

from promotions.services.jobs.job import Job, Line, Status
from promotions.services.jobs.listing import KINDS, Asked, find, listed
from promotions.services.jobs.starting import STARTED, start

__all__ = [
    "KINDS",
    "STARTED",
    "Asked",
    "Job",
    "Line",
    "Status",
    "find",
    "listed",
    "start",
]
