"""What every object that outsiders may name has in common."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone


class PublicModel(models.Model):
    """A bigint key for the database, a UUID for the world, paged by creation."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True
        ordering = ("created_at", "id")
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=("created_at", "id"), name="%(class)s_page"),
        )
