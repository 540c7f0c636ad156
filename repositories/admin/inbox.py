"""The registry and its inbox of notifications, whose poison can be replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    apply_to_each,
    asked_first,
    moment,
    sentence_of,
)
from accounts.authentication import actor_of
from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Registry, RegistryEvent
from repositories.services import registry as service
from repositories.services.scans import everything
from repositories.tasks import process_event, wake

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor

log = structlog.get_logger()

# A body that could not be read has a hash instead of a payload: nothing to replay.
REPLAYABLE = {"state": RegistryEvent.State.POISON, "body_sha256": ""}


@admin.register(Registry)
class RegistryAdmin(ReadOnlyAdmin[Registry]):
    """The registry; its addresses and secrets come from the settings."""

    hidden = ("secret_hash", "previous_secret_hash")
    deferred = hidden
    actions = ("scan_all",)
    list_display = (
        "public_host",
        "url",
        "brake",
        "brake_reason",
        moment("reconciled_at"),
        moment("reconcile_wanted_at"),
        "reconcile_reason",
    )

    @override
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.rotate_secret)
        secret = path("secret/", view, name="repositories_registry_secret")
        return [secret, *super().get_urls()]

    def rotate_secret(self, request: HttpRequest) -> HttpResponse:
        """Make a new notification secret, show it once, and later forget the old."""
        actor = actor_of(request)
        require_administrator(actor)
        secret = ""
        try:
            if "rotate" in request.POST:
                secret = service.rotate_secret(actor=actor)
            elif "forget" in request.POST:
                service.forget_previous_secret(actor=actor)
                self.message_user(request, "Only the newest secret is valid now.")
        except ValidationError as refused:
            self.message_user(request, sentence_of(refused), messages.ERROR)
        registry = get_object_or_404(Registry)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Notification secret",
            "original": registry,
            "secret": secret,
            "has_two": bool(registry.previous_secret_hash),
            "address": f"{settings.PUBLIC_URL}{reverse('notifications')}",
        }
        return TemplateResponse(
            request, "admin/repositories/registry/secret.html", context
        )

    def has_scan_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides."""
        return self.is_open_to(request)

    @admin.action(description="Scan all images anew", permissions=["scan"])
    def scan_all(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        question = "Scan all tagged images anew?"
        consequence = (
            "Every scanner reads every image; pushes are scanned first meanwhile."
        )
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset,
            lambda _registry: everything.request_all(actor=actor),
            "Registries whose images are queued for scans",
        )
        return None


@admin.register(RegistryEvent)
class RegistryEventAdmin(ReadOnlyAdmin[RegistryEvent]):
    """The inbox: what the registry reported, and what became of it."""

    actions = ("replay",)
    deferred = ("body_head",)
    list_display = (
        moment("created_at", "received"),
        "state",
        "action",
        "repository",
        "tag",
        "attempts",
        "error",
        moment("finished_at"),
    )
    list_filter = ("state", "created_at")
    search_fields = ("event_id__exact", "repository__exact", "instance_id__exact")
    search_help_text = "The id of an event, or namespace/repository."
    ordering = ("-created_at", "-id")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered."""
        return self.is_open_to(request)

    @admin.action(description="Replay selected poison events", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[RegistryEvent]) -> None:
        chosen = queryset.filter(**REPLAYABLE)
        replayed = [event for event in chosen if _put_back(actor_of(request), event)]
        for event in replayed:
            wake(process_event, event.event_id)
        if replayed:
            self.message_user(request, f"Events put back to work: {len(replayed)}.")
        if rest := queryset.exclude(pk__in=[event.pk for event in replayed]).count():
            message = (
                f"Left as they are: {rest}. Only poison whose body could be read can be"
                " replayed; what an unreadable body reported is found by a reconcile."
            )
            self.message_user(request, message, messages.WARNING)


def _put_back(actor: Actor, event: RegistryEvent) -> bool:
    """Make the event pending again; False when somebody else was faster."""
    with transaction.atomic():
        rows = RegistryEvent.objects.filter(pk=event.pk, **REPLAYABLE)
        done = rows.update(
            state=RegistryEvent.State.PENDING,
            attempts=0,
            due_at=None,
            error="",
            finished_at=None,
        )
        if done:
            before = {"state": event.state, "error": event.error}
            audit.record(actor=actor, action="replay", subject=event, before=before)
    return bool(done)
