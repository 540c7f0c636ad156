"""The inbox of notifications: stored first, worked on after."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from repositories.querysets import RegistryEventQuerySet


class RegistryEvent(PublicModel):
    """One event the registry reported, or a body that could not be read (poison)."""

    class State(models.TextChoices):
        """Where the event stands."""

        PENDING = "pending"
        PROCESSING = "processing"
        DONE = "done"
        POISON = "poison"

    event_id = models.CharField(max_length=128, unique=True)
    instance_id = models.CharField(max_length=128, blank=True)
    action = models.CharField(max_length=32, blank=True)
    repository = models.CharField(max_length=300, blank=True)
    tag = models.CharField(max_length=300, blank=True)
    payload = models.JSONField(default=dict)
    body_head = models.BinaryField(
        default=b"", help_text="The first 64 kB of a body that could not be read."
    )
    body_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = RegistryEventQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("repository", "tag", "id"),
                name="registryevent_unfinished",
                condition=models.Q(state__in=("pending", "processing")),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(lease_token__isnull=False)
                | ~models.Q(state="processing"),
                name="registryevent_processing_has_a_lease",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.action} {self.repository}:{self.tag} ({self.event_id})"
