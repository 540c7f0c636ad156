"""Who is woken up by what the app itself does: receivers only enqueue, on commit."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from repositories.signals import delivery_wanted, scan_requested
from repositories.tasks import run_scan, send_webhook, wake


@receiver(scan_requested, dispatch_uid="run_scan")
def run_requested_scan(*, scan_id: int, **_kwargs: Any) -> None:
    """Start the scan as soon as it is committed."""
    wake(run_scan, scan_id)


@receiver(delivery_wanted, dispatch_uid="send_webhook")
def send_wanted_delivery(*, webhook_id: int, **_kwargs: Any) -> None:
    """Send it as soon as it is committed."""
    wake(send_webhook, webhook_id)
