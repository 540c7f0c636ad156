"""Jobs that a program may start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from accounts.permissions import require_administrator
from promotions.services.jobs.registry import RegistryJobs
from repositories.models import RegistryJob
from repositories.services import registry_jobs
from repositories.services.scans import everything

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accounts.access import Actor
    from promotions.services.jobs.job import Job

STARTED: Mapping[str, Callable[..., RegistryJob]] = {
    RegistryJob.Action.RECONCILE: registry_jobs.ask_reconcile,
    RegistryJob.Action.SCAN_ALL: everything.request_all,
}
"""What begins the job of each action."""


def start(*, actor: Actor, action: str) -> Job:
    """Begin a job as soon as a worker is free; for administrators.

    The sweeper starts it within seconds. Raises ValidationError for other actions.
    """
    require_administrator(actor)
    begin = STARTED.get(action)
    if begin is None:
        known = ", ".join(f"“{one}”" for one in STARTED)
        message = f"There is no action “{action[:50]}” here; there are {known}."
        raise ValidationError({"action": message})
    return RegistryJobs().job(begin(actor=actor))
