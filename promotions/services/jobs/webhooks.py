"""Deliveries of webhooks as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from promotions.services.jobs.job import Job, Lines, Status
from repositories.models import Webhook, WebhookDelivery
from repositories.models.delivery import DeliveryState
from repositories.services.webhooks.cancelling import CANCELLED, cancel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.services.jobs.job import Line

STATUSES: Mapping[str, Status] = {
    DeliveryState.PENDING: Status.WAITING,
    DeliveryState.SENDING: Status.RUNNING,
    DeliveryState.DELIVERED: Status.DONE,
    DeliveryState.FAILED: Status.ERRORED,
}


class WebhookJobs:
    """Deliveries, for the admins of what their webhook is about.

    What was sent and answered is not told here: that depends on what the reader sees.
    """

    actions = ("webhook",)

    def rows(self, actor: Actor, action: str = "") -> QuerySet[Any]:
        """Return those of webhooks that the actor administers."""
        del action
        own = Webhook.objects.administered_by(actor)
        return WebhookDelivery.objects.filter(webhook__in=own.values("pk"))

    def running(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=DeliveryState.SENDING)

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        kept = ("payload", "request_body", "response_body")
        return rows.select_related("webhook__namespace").defer(*kept)

    def job(self, row: Any) -> Job:
        delivery: WebhookDelivery = row
        total = 0 if delivery.is_test else settings.WEBHOOK_ATTEMPTS - 1
        status = STATUSES[delivery.state]
        return Job(
            uuid=delivery.uuid,
            action="webhook",
            status=Status.CANCELED if delivery.error == CANCELLED else status,
            scheduled_at=delivery.created_at,
            started_at=delivery.sent_at,
            finished_at=delivery.finished_at,
            parameters={
                "type": delivery.type,
                "webhookID": str(delivery.webhook.uuid),
            },
            retries_left=max(0, total - delivery.attempts) if delivery.is_open else 0,
            retries_total=total,
            reason=delivery.error,
        )

    def lines(self, row: Any) -> Iterable[Line]:
        delivery: WebhookDelivery = row
        lines = Lines()
        lines.add(delivery.created_at, f"{delivery.type} to be told")
        if delivery.sent_at:
            answer = f"; the answer was {delivery.status}" if delivery.status else ""
            lines.add(delivery.sent_at, f"attempt {delivery.attempts}{answer}")
        if delivery.error and delivery.is_open:
            lines.add(None, f"the last attempt failed: {delivery.error}")
        if delivery.due_at and delivery.is_open:
            lines.add(None, f"next attempt at {delivery.due_at:%Y-%m-%dT%H:%M:%SZ}")
        error = "" if delivery.is_open else delivery.error
        lines.add(delivery.finished_at, delivery.state, error)
        return lines.lines

    def cancel(self, actor: Actor, row: Any) -> None:
        cancel(actor=actor, delivery=row)
