"""Webhooks of everybody, and what was sent to them; for administrators only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, apply_to_each, linked, moment
from accounts.authentication import actor_of
from repositories.models import Webhook, WebhookDelivery
from repositories.services import webhooks

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin[Webhook]):
    """Paused and let go on here; made on the portal's pages, where they belong."""

    actions = ("pause", "resume")
    list_display = (
        "__str__",
        "endpoint",
        "format",
        linked("author"),
        "pause",
        "failures",
        moment("last_success_at"),
        moment("created_at"),
    )
    list_filter = ("pause", "type", "created_at")
    list_select_related = ("author", "namespace", "repository__namespace")
    search_fields = ("=namespace__name", "=repository__namespace__name", "=uuid")
    search_help_text = "The namespace's name, or the webhook's id."
    ordering = ("-created_at", "-id")

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services decide for each."""
        return self.is_open_to(request)

    @admin.action(description="Pause selected webhooks", permissions=["switch"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.filter(pause=""),
            lambda row: webhooks.pause(actor=actor, webhook=row),
            "Webhooks paused",
        )

    @admin.action(description="Let selected webhooks go on", permissions=["switch"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.exclude(pause=""),
            lambda row: webhooks.resume(actor=actor, webhook=row),
            "Webhooks that go on",
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    """What was sent, is being sent and waits."""

    list_display = (
        moment("created_at"),
        "type",
        linked("webhook"),
        "state",
        "attempts",
        "status",
        "error",
        moment("sent_at"),
    )
    list_filter = ("state", "type", "is_test", "created_at")
    list_select_related = (
        "webhook__namespace",
        "webhook__repository__namespace",
    )
    search_fields = ("=uuid", "=event_uuid", "=webhook__uuid")
    search_help_text = "The id of a delivery, of an event, or of a webhook."
    ordering = ("-created_at", "-id")
