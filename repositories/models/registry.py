"""The one registry this portal serves, and what is known about its notifications."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel, User


class Registry(PublicModel):
    """A table with one row: a second registry would be a feature, not a migration."""

    class Brake(models.TextChoices):
        """Whether the reconciler may write what it finds."""

        RELEASED = "released"
        ENGAGED = "engaged", "engaged: too much changed at once"

    name = models.CharField(max_length=32, unique=True, default="default")
    url = models.URLField(help_text="Where the portal reaches the registry.")
    public_host = models.CharField(
        max_length=255, help_text="What people write before the repository's name."
    )
    secret_hash = models.CharField(max_length=64, editable=False)
    previous_secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    instance_ids: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, editable=False
    )
    baseline_at = models.DateTimeField(null=True, editable=False)
    reconciled_at = models.DateTimeField(null=True, editable=False)
    reconcile_wanted_at = models.DateTimeField(null=True, editable=False)
    reconcile_reason = models.CharField(max_length=200, blank=True, editable=False)
    reconcile_leased_until = models.DateTimeField(null=True, editable=False)
    scan_all_wanted_at = models.DateTimeField(null=True, editable=False)
    scan_all_wanted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    scan_all_leased_until = models.DateTimeField(null=True, editable=False)
    brake = models.CharField(max_length=8, choices=Brake, default=Brake.RELEASED)
    brake_reason = models.CharField(max_length=400, blank=True, editable=False)

    class Meta(PublicModel.Meta):
        verbose_name_plural = "registries"

    @override
    def __str__(self) -> str:
        return self.public_host or self.name
