"""News from the registry that is still to be worked on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from repositories.models.attachment import AttachmentNotice
    from repositories.models.event import RegistryEvent


class AttachmentNoticeQuerySet(models.QuerySet["AttachmentNotice"]):
    """News of what is attached to images."""

    def overlooked(self, before: datetime) -> Self:
        """Return those whose message was lost, or whose worker died."""
        return self.filter(noticed_at__isnull=True, changed_at__lt=before)


class RegistryEventQuerySet(models.QuerySet["RegistryEvent"]):
    """The inbox."""

    def unfinished(self) -> Self:
        return self.filter(state__in=("pending", "processing"))

    def due(self) -> Self:
        """Return the events that a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="pending") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        abandoned = Q(state="processing", leased_until__lt=now)
        return self.filter(waiting | abandoned)

    def next_of_their_tag(self) -> Self:
        """Return those with no unfinished earlier event of the same tag.

        The moves of one tag are ingested in the order in which they were reported.
        """
        earlier = self.model._default_manager.unfinished().filter(
            repository=OuterRef("repository"),
            tag=OuterRef("tag"),
            id__lt=OuterRef("id"),
        )
        return self.filter(~Exists(earlier))

    def claim(self, event_id: str, *, lease_seconds: int) -> UUID | None:
        """Take an event for this worker; None when it is not to be had now."""
        token = uuid4()
        lease: dict[str, Any] = {
            "state": "processing",
            "lease_token": token,
            "leased_until": timezone.now() + timedelta(seconds=lease_seconds),
            "attempts": F("attempts") + 1,
        }
        free = self.due().next_of_their_tag().filter(event_id=event_id)
        return token if free.update(**lease) else None
