"""What may be seen: by the author when something is sent, later by who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.access import Action
from accounts.models import Namespace
from repositories.models import Repository, Webhook
from repositories.services.webhooks import bodies

if TYPE_CHECKING:
    from accounts.access import Actor
    from repositories.models import WebhookDelivery


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery as a reader may see it; `withheld` says that something is left out."""

    request: str
    response: str
    detail: str
    withheld: bool


def may_listen(webhook: Webhook) -> bool:
    """Tell whether the author could subscribe now: who left, or lost it, could not."""
    rows = Webhook.objects.administered_by(webhook.writer)
    return rows.filter(pk=webhook.pk).exists()


def seen_by_author(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return the payload without what names a repository that the author cannot see."""
    webhook = delivery.webhook
    limit = webhook.limited_to.name if webhook.limited_to else ""
    return _without(delivery, _hidden(webhook.writer, delivery, limit))


def shown_to(reader: Actor, delivery: WebhookDelivery) -> Shown:
    """Return request and answer as an admin of the webhook may see them.

    Others than the author may see less. What private addresses answer, and why a call
    failed, administrators alone are told.
    """
    hidden = _hidden(reader, delivery)
    private = delivery.is_private and not reader.is_administrator
    request = delivery.request_body
    if hidden and request:
        seen = _without(delivery, hidden)
        request = bodies.body_of(delivery, seen, delivery.webhook.format).decode()
    return Shown(
        request,
        "" if hidden or private else delivery.response_body,
        delivery.detail if reader.is_administrator else "",
        withheld=bool(delivery.response_body) and (bool(hidden) or private),
    )


def _without(delivery: WebhookDelivery, hidden: set[str]) -> dict[str, Any]:
    contents = delivery.payload["contents"]
    seen = {name: value for name, value in contents.items() if name not in hidden}
    return {**delivery.payload, "contents": seen}


def _hidden(actor: Actor, delivery: WebhookDelivery, limit: str = "") -> set[str]:
    return {
        field
        for full_name, fields in delivery.guarded.items()
        if not _may_see(actor, full_name, limit)
        for field in fields
    }


def _may_see(actor: Actor, full_name: str, limit: str) -> bool:
    """Tell whether the actor may pull it; of what is not there, create it."""
    namespace = full_name.partition("/")[0]
    if limit not in {"", namespace}:
        return False
    pullable = Repository.objects.permitted(actor, Action.PULL)
    own = Namespace.objects.permitted(actor, Action.ADMIN)
    return pullable.named(full_name).exists() or own.filter(name=namespace).exists()
