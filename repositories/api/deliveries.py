"""What was sent to a webhook: listed, shown, and sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from repositories.api.webhooks import WebhookOperation, uuid_of
from repositories.services import webhooks

if TYPE_CHECKING:
    from rest_framework.request import Request

    from repositories.models import WebhookDelivery


class _Deliveries(WebhookOperation):
    def delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Return a delivery of that very webhook."""
        webhook = self.webhook(webhook_id)
        rows = webhook.deliveries.filter(uuid=uuid_of(delivery_id))
        found = rows.first()
        if found is None:
            message = "The webhook has no delivery of this id."
            raise NotFound(message, code="NO_SUCH_DELIVERY")
        found.webhook = webhook
        return found


class DeliveryList(_Deliveries):
    """`/webhooks/{webhook}/deliveries`."""

    def get(self, _request: Request, webhook_id: str) -> Response:
        """List what was sent, is being sent and waits, the oldest first."""
        rows = self.webhook(webhook_id).deliveries.all()
        return self.paged(rows, lambda page: [_render_delivery(row) for row in page])


class DeliveryDetail(_Deliveries):
    """`/webhooks/{webhook}/deliveries/{delivery}`."""

    def get(self, _request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Show one delivery with what was sent and answered last."""
        found = self.delivery(webhook_id, delivery_id)
        shown = webhooks.shown_to(self.actor, found)
        more = {
            "requestBody": shown.request,
            "responseBody": shown.response,
            "responseWithheld": shown.withheld,
            "detail": shown.detail,
        }
        return Response({**_render_delivery(found), **more})


class ResendDelivery(_Deliveries):
    """`/webhooks/{webhook}/deliveries/{delivery}/resend`."""

    def post(self, _request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Send it again, under the same id."""
        found = self.delivery(webhook_id, delivery_id)
        row = webhooks.resend(actor=self.actor, delivery=found)
        return Response(_render_delivery(row), status=202)


def _render_delivery(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.uuid,
        "eventID": row.event_uuid,
        "type": row.type,
        "test": row.is_test,
        "state": row.state,
        "attempts": row.attempts,
        "createdAt": row.created_at,
        "sentAt": row.sent_at,
        "dueAt": row.due_at,
        "finishedAt": row.finished_at,
        "milliseconds": row.milliseconds,
        "responseStatus": row.status,
        "error": row.error,
    }
