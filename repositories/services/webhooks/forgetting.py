"""Forget what was sent long ago."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from repositories.models import WebhookDelivery


def forget() -> int:
    """Drop deliveries older than settings say; return how many."""
    oldest = timezone.now() - timedelta(days=settings.WEBHOOK_DAYS)
    return WebhookDelivery.objects.filter(created_at__lt=oldest).delete()[0]
