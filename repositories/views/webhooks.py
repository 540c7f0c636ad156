"""Webhooks: listed, made, looked at with what was sent, paused, and sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.permissions import RateLimited
from accounts.querysets import page_of
from accounts.views.once import once
from repositories.forms import WebhookForm
from repositories.models import Repository
from repositories.services import webhooks
from repositories.views.opening import asked
from repositories.views.webhook_places import open_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from repositories.models import Webhook
    from repositories.views.webhook_places import Place


@login_required
@require_safe
def webhook_list(request: HttpRequest, **names: str) -> HttpResponse:
    """List the webhooks of a place to its admins, the latest first."""
    place = open_place(request, **names)
    page = page_of(place.webhooks(), asked(request, "after"))
    rows = [(one, place.url("webhooks_one", one.uuid)) for one in page.rows]
    context = {**place.context, "page": page, "rows": rows}
    return render(request, "repositories/webhooks.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def new_webhook(request: HttpRequest, **names: str) -> HttpResponse:
    """Show the form of a new webhook; or make it and show its secret, this once."""
    place = open_place(request, **names)
    is_repository = isinstance(place.scope, Repository)
    form = WebhookForm(request.POST or None, of_repository=is_repository)
    if form.is_valid():
        try:
            made = webhooks.create(
                actor=place.actor, scope=place.scope, draft=form.draft()
            )
        except ValidationError as error:
            form.refuse(error, {"tls_cert": "ca_certificate"})
        else:
            return _secret(request, place, made, made.secret)
    context = {**place.context, "form": form}
    return render(request, "repositories/webhook_form.html", context)


@login_required
@require_safe
def webhook_detail(request: HttpRequest, uuid: UUID, **names: str) -> HttpResponse:
    """Show one webhook, and what was sent, the latest first."""
    place = open_place(request, **names)
    webhook = place.webhook(uuid)
    page = page_of(webhook.deliveries.all(), asked(request, "after"))
    address = "webhooks_delivery"
    rows = [(one, place.url(address, uuid, one.uuid)) for one in page.rows]
    context = {**place.context, **_addresses(place, webhook), "page": page}
    return render(request, "repositories/webhook.html", {**context, "rows": rows})


@login_required
@require_POST
@never_cache
def rotate_secret(request: HttpRequest, uuid: UUID, **names: str) -> HttpResponse:
    """Make a new secret and show it, this once."""
    place = open_place(request, **names)
    webhook = place.webhook(uuid)
    keep = "end_previous" not in request.POST
    secret = webhooks.rotate_secret(
        actor=place.actor, webhook=webhook, keep_previous=keep
    )
    return _secret(request, place, webhook, secret)


@login_required
@require_POST
@once
def change_webhook(request: HttpRequest, uuid: UUID, **names: str) -> HttpResponse:
    """Test, pause, resume or delete a webhook, as the button pressed says."""
    place = open_place(request, **names)
    webhook = place.webhook(uuid)
    wanted = request.POST.get("change", "")
    change, said = CHANGES.get(wanted, (_nothing, ""))
    try:
        change(place.actor, webhook)
    except RateLimited as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    if wanted == "delete":
        return redirect(place.url("webhooks"))
    return redirect(place.url("webhooks_one", uuid))


@login_required
@require_safe
def delivery_detail(
    request: HttpRequest, uuid: UUID, delivery: UUID, **names: str
) -> HttpResponse:
    """Show one delivery, with what was sent and answered last."""
    place = open_place(request, **names)
    found = place.delivery(uuid, delivery)
    shown = webhooks.shown_to(place.actor, found)
    context = {
        **place.context,
        **_addresses(place, found.webhook),
        "delivery": found,
        "shown": shown,
        "request_text": _laid_out(shown.request),
        "resend_url": place.url("webhooks_resend", uuid, delivery),
    }
    return render(request, "repositories/webhook_delivery.html", context)


@login_required
@require_POST
@once
def resend(
    request: HttpRequest, uuid: UUID, delivery: UUID, **names: str
) -> HttpResponse:
    """Send it again, under the same id."""
    place = open_place(request, **names)
    found = place.delivery(uuid, delivery)
    try:
        webhooks.resend(actor=place.actor, delivery=found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "It is sent again, under the same id.")
    return redirect(place.url("webhooks_delivery", uuid, delivery))


def _secret(
    request: HttpRequest, place: Place, webhook: Webhook, secret: str
) -> HttpResponse:
    context = {**place.context, **_addresses(place, webhook), "secret": secret}
    return render(request, "repositories/webhook_secret.html", context)


def _addresses(place: Place, webhook: Webhook) -> dict[str, object]:
    return {
        "webhook": webhook,
        "webhook_url": place.url("webhooks_one", webhook.uuid),
        "secret_url": place.url("webhooks_secret", webhook.uuid),
        "change_url": place.url("webhooks_change", webhook.uuid),
    }


def _laid_out(body: str) -> str:
    """Return JSON in lines; what was cut is none any more, and stays as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _test(actor: Actor, webhook: Webhook) -> None:
    webhooks.send_sample(actor=actor, webhook=webhook)


def _pause(actor: Actor, webhook: Webhook) -> None:
    webhooks.pause(actor=actor, webhook=webhook)


def _resume(actor: Actor, webhook: Webhook) -> None:
    webhooks.resume(actor=actor, webhook=webhook)


def _delete(actor: Actor, webhook: Webhook) -> None:
    webhooks.delete(actor=actor, webhook=webhook)


def _nothing(_actor: Actor, _webhook: Webhook) -> None:
    raise ValidationError("Choose what to do with the webhook.")


CHANGES: dict[str, tuple[Callable[[Actor, Webhook], None], str]] = {
    "test": (_test, "A sample is on its way; see what came of it below."),
    "pause": (_pause, "It is paused: nothing is sent, and nothing is kept to be sent."),
    "resume": (_resume, "It goes on, with what was left to send."),
    "delete": (_delete, "The webhook is deleted."),
}
