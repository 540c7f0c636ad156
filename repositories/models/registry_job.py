"""Work about the whole registry: walks over it, and scanning all that is in it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import PublicModel, User


class RegistryJob(PublicModel):
    """One piece of such work: who wanted it, how far it is, what came of it."""

    class Action(models.TextChoices):
        """What is done; the second is MSR's name."""

        RECONCILE = "reconcile", "walk over the registry"
        SCAN_ALL = "scan_check_all", "scan all images"

    class State(models.TextChoices):
        """How far it is: waiting → running → done | failed | cancelled."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    action = models.CharField(max_length=14, choices=Action)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    report: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict, help_text="What was found and done, in words and numbers."
    )
    error = models.CharField(max_length=500, blank=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("action",),
                condition=Q(state="waiting"),
                name="one_registry_job_waits",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("done", "failed", "cancelled"))
                | Q(finished_at__isnull=False),
                name="registry_job_that_ended_has_an_end",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.action}: {self.state}"
