"""Webhooks, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape

WEBHOOK = {
    "id": UUID,
    "type": str,
    "key": str,
    "endpoint": str,
    "authorID": UUID,
    "createdAt": datetime,
    "lastSuccessfulAt": datetime,
    "inactive": bool,
    "tlsCert": str,
    "skipTLSVerification": bool,
    "format": str,
    "pausedBecause": str,
    "failures": int,
    "neverSent": bool,
}
Webhook = shape("Webhook", **WEBHOOK)
NewWebhook = shape("NewWebhook", **WEBHOOK, secret=str)
WebhookSecret = shape("WebhookSecret", id=UUID, secret=str)
WebhookTest = shape("WebhookTest", responseStatus=int)

DELIVERY = {
    "id": UUID,
    "eventID": UUID,
    "type": str,
    "test": bool,
    "state": str,
    "attempts": int,
    "createdAt": datetime,
    "sentAt": Maybe(datetime),
    "dueAt": Maybe(datetime),
    "finishedAt": Maybe(datetime),
    "milliseconds": Maybe(int),
    "responseStatus": Maybe(int),
    "error": str,
}
Delivery = shape("Delivery", **DELIVERY)
DeliveryDetail = shape(
    "DeliveryDetail",
    **DELIVERY,
    requestBody=str,
    responseBody=str,
    responseWithheld=bool,
    detail=str,
)
