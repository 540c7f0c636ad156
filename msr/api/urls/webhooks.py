"""Webhooks: subscriptions, tests, deliveries and secrets."""

from __future__ import annotations

from django.urls import path

from msr.api.urls.addresses import of_repository
from repositories import api as repositories

WEBHOOK = "webhooks/<api_name:webhook_id>"
DELIVERY = f"{WEBHOOK}/deliveries/<api_name:delivery_id>"

urlpatterns = [
    of_repository("/webhooks", repositories.RepositoryWebhookList),
    path(
        "accounts/<api_name:namespace>/webhooks",
        repositories.NamespaceWebhookList.as_view(),
    ),
    path("webhooks", repositories.WebhookList.as_view()),
    path("webhooks/test", repositories.TestWebhook.as_view()),
    path("webhooks/update", repositories.UpdateWebhook.as_view()),
    path(WEBHOOK, repositories.WebhookDetail.as_view()),
    path(f"{WEBHOOK}/secrets", repositories.WebhookSecrets.as_view()),
    path(f"{WEBHOOK}/deliveries", repositories.DeliveryList.as_view()),
    path(DELIVERY, repositories.DeliveryDetail.as_view()),
    path(f"{DELIVERY}/resend", repositories.ResendDelivery.as_view()),
]
