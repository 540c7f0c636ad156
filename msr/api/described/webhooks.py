"""Webhooks, their deliveries and secrets."""

from __future__ import annotations

from msr.api.described.kinds import GONE, Described, Rows, listed, made
from msr.api.shapes import webhooks as told
from repositories import api as repositories
from repositories.api.webhooks import (
    SecretForm,
    TrialForm,
    WebhookForm,
    WebhookQuery,
    WebhookUpdateForm,
)

DESCRIBED: Rows = {
    repositories.RepositoryWebhookList: {"get": Described([told.Webhook])},
    repositories.NamespaceWebhookList: {"get": Described([told.Webhook])},
    repositories.WebhookList: {
        "get": Described([told.Webhook], query=WebhookQuery),
        "post": made(told.NewWebhook, WebhookForm),
    },
    repositories.TestWebhook: {"post": Described(told.WebhookTest, body=TrialForm)},
    repositories.UpdateWebhook: {
        "post": Described([told.Webhook], body=WebhookUpdateForm)
    },
    repositories.WebhookDetail: {"get": Described(told.Webhook), "delete": GONE},
    repositories.WebhookSecrets: {"post": made(told.WebhookSecret, SecretForm)},
    repositories.DeliveryList: {"get": listed([told.Delivery])},
    repositories.DeliveryDetail: {"get": Described(told.DeliveryDetail)},
    repositories.ResendDelivery: {"post": Described(told.Delivery, status=202)},
}
