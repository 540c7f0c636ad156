"""Give a delivery up that still waits to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Webhook, WebhookDelivery
from repositories.models.delivery import DeliveryState

if TYPE_CHECKING:
    from accounts.access import Actor

CANCELLED = "Somebody cancelled it before it was sent."


def cancel(*, actor: Actor, delivery: WebhookDelivery) -> None:
    """Send it no more; needs admin on what its webhook is about.

    Raises ValidationError for what is being sent at the moment, or has ended.
    """
    own = Webhook.objects.administered_by(actor)
    if not own.filter(pk=delivery.webhook_id).exists():
        require_administrator(actor)
    waiting = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.PENDING
    )
    with transaction.atomic():
        if not waiting.update(
            state=DeliveryState.FAILED, finished_at=timezone.now(), error=CANCELLED
        ):
            message = "Only what waits can be cancelled: it is being sent, or it ended."
            raise ValidationError(message)
        audit.record(
            actor=actor,
            action="cancel",
            subject=delivery.webhook,
            namespace=delivery.webhook.namespace,
            after={"delivery": str(delivery.uuid)},
        )
