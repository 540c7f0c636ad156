"""Stop a scan: for administrators, as others may wait for what it finds, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Scan
from repositories.services.webhooks import telling
from repositories.signals import scan_completed

if TYPE_CHECKING:
    from accounts.access import Actor

CANCELLED = "The scan was cancelled by an administrator."


def cancel(*, actor: Actor, scan: Scan) -> None:
    """End a scan without a result; its worker notices when it renews its lease.

    A scan belongs to an image that several namespaces may hold. Raises
    ValidationError when it has ended.
    """
    require_administrator(actor)
    with transaction.atomic():
        open_scan = Scan.objects.open().filter(pk=scan.pk)
        if not open_scan.update(
            state=Scan.State.FAILED,
            finished_at=timezone.now(),
            lease_token=None,
            error=CANCELLED,
        ):
            message = "The scan has ended: there is nothing left to cancel."
            raise ValidationError(message)
        audit.record(actor=actor, action="cancel", subject=scan)
        scan_completed.send(sender=Scan, manifest_id=scan.manifest_id)
        scan.refresh_from_db(fields=["state", "error", "finished_at"])
        telling.scan_ended(scan)
