"""The audit log: who did what to what, before and after."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models.base import PublicModel


class AuditEvent(PublicModel):
    """One write by somebody. Append-only, so it refers to nothing that may go."""

    actor = models.CharField(max_length=100)
    actor_uuid = models.UUIDField(null=True)
    access_token = models.CharField(max_length=16, blank=True)
    action = models.CharField(max_length=50)
    object_type = models.CharField(max_length=50)
    object_uuid = models.UUIDField(null=True)
    object_name = models.CharField(max_length=400)
    namespace_uuid = models.UUIDField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("namespace_uuid", "created_at"), name="auditevent_namespace"
            ),
            models.Index(
                fields=("object_uuid", "created_at"), name="auditevent_object"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.object_type} {self.object_name}"
