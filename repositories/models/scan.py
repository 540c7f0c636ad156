"""Scans: who read which image, how far that is, and where the result counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from repositories.models.manifest import Manifest
from repositories.models.repository import Repository
from repositories.models.scanner import Scanner
from repositories.querysets import ScanQuerySet

if TYPE_CHECKING:
    from datetime import datetime


class Scan(PublicModel):
    """One reading of one manifest by one origin.

    It belongs to the digest, so that a promoted image is never scanned again. Without
    a trust scope it counts everywhere; a report uploaded for a repository, and what a
    namespace's own scanner found, count there only, for policies that name the origin.

    The row is the job: a worker that runs it holds a lease, and `remote_id` is what an
    adapter calls the scan it was given. What counts is the *current* one: the last that
    completed, while a newer one runs or has failed.
    """

    class State(models.TextChoices):
        """How far the scan is: queued ⇄ running → completed | failed."""

        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"

    class Trigger(models.TextChoices):
        """What asked for the scan."""

        PUSH = "push"
        MANUAL = "manual"
        UPLOAD = "upload", "report uploaded"
        SCHEDULE = "schedule"
        EVIDENCE = "evidence", "evidence too old"

    manifest = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="scans"
    )
    repository = models.ForeignKey(
        Repository,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="The one through which the scanner reads the image.",
    )
    origin = models.CharField(
        max_length=100, help_text="Who scanned, as policies name it."
    )
    scanner = models.ForeignKey(
        Scanner, on_delete=models.SET_NULL, null=True, related_name="scans"
    )
    source = models.CharField(
        max_length=200, blank=True, help_text="The scanner with its version."
    )
    trigger = models.CharField(
        max_length=8, choices=Trigger, default=Trigger.MANUAL, editable=False
    )
    requested_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="The person; empty for what the portal does by itself.",
    )
    trusted_repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, null=True, related_name="scans"
    )
    trusted_namespace = models.ForeignKey(
        Namespace, on_delete=models.CASCADE, null=True, related_name="scans"
    )
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    is_current = models.BooleanField(default=False)
    replaced_at = models.DateTimeField(null=True, editable=False)
    revision = models.PositiveIntegerField(
        default=0,
        help_text="How often its components were matched against newer advisories.",
    )
    coverage: models.JSONField[Any, dict[str, dict[str, Any]]] = models.JSONField(
        default=dict,
        help_text=(
            "Per kind of evidence (components, licenses, vulnerabilities): an empty"
            " object when it is complete, else why it is not (`reason`, `remedy`,"
            " `unscannable`). A kind that is not named was not looked for."
        ),
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    advisories_at = models.DateTimeField(
        null=True, help_text="How new the known vulnerabilities were."
    )
    matched_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When its components were matched again; empty: when it was made.",
    )
    error = models.CharField(max_length=500, blank=True)
    distribution = models.CharField(
        max_length=100, blank=True, help_text="What the image is built on: debian 12."
    )
    component_count = models.PositiveIntegerField(default=0)
    critical_count = models.PositiveIntegerField(default=0)
    major_count = models.PositiveIntegerField(default=0)
    minor_count = models.PositiveIntegerField(default=0)
    vulnerability_count = models.PositiveIntegerField(
        default=0,
        help_text="All, each once, those without a score too; none is subtracted.",
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    remote_id = models.CharField(max_length=200, blank=True, editable=False)

    objects = ScanQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("id",),
                condition=Q(state__in=("queued", "running")),
                name="scan_to_run",
            ),
            models.Index(fields=("finished_at", "id"), name="scan_ended"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("manifest", "origin"),
                condition=Q(state__in=("queued", "running")),
                name="one_scan_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(state="completed"),
                name="current_scan_is_complete",
            ),
            models.UniqueConstraint(
                fields=("manifest", "origin"),
                condition=Q(
                    is_current=True,
                    trusted_repository__isnull=True,
                    trusted_namespace__isnull=True,
                ),
                name="one_current_scan_per_origin",
            ),
            models.UniqueConstraint(
                fields=("manifest", "origin", "trusted_repository"),
                condition=Q(is_current=True, trusted_repository__isnull=False),
                name="one_current_scan_per_repository",
            ),
            models.UniqueConstraint(
                fields=("manifest", "origin", "trusted_namespace"),
                condition=Q(is_current=True, trusted_namespace__isnull=False),
                name="one_current_scan_per_namespace",
            ),
            models.CheckConstraint(
                condition=Q(trusted_repository__isnull=True)
                | Q(trusted_namespace__isnull=True),
                name="scan_has_one_trust_scope",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("completed", "failed"))
                | Q(finished_at__isnull=False),
                name="scan_that_ended_has_an_end",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.source or self.origin}: {self.manifest}"

    @property
    def is_open(self) -> bool:
        """Whether it will go on."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def ends_by(self) -> datetime | None:
        """When it has failed if it did not complete; None while it did not start."""
        limit = timedelta(seconds=settings.SCAN_DEADLINE)
        return self.started_at + limit if self.started_at else None
