"""Write what webhooks are to be told: one query where nobody wants to know.

The rows are written in the transaction of the event itself. The same event told twice,
since a worker died after the first time, is one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.utils import timezone

from repositories.models import EventType, Webhook, WebhookDelivery
from repositories.services.webhooks.contents import written
from repositories.signals import delivery_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from repositories.models import Repository

_LIFE = (EventType.REPO_CREATED, EventType.REPO_UPDATED, EventType.REPO_DELETED)


@dataclass(frozen=True, slots=True)
class Told:
    """The contents of an event in MSR's words.

    Of `guarded`, the fields under a repository's name are sent only to who may see it.
    """

    contents: dict[str, Any]
    guarded: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a repository.

    `key` is the same when the same thing is told again. `told` is called only if
    somebody wants to know.
    """

    type: EventType
    repository: Repository
    key: str
    location: str
    told: Callable[[], Told]

    @property
    def uuid(self) -> UUID:
        """The id by which receivers know that two deliveries tell the same."""
        return uuid5(NAMESPACE_URL, f"msr:{self.type}:{self.key}")

    @property
    def heard_as(self) -> tuple[EventType, ...]:
        """The types of the webhooks that are told."""
        if self.type in _LIFE:
            return self.type, EventType.REPO_EVENT
        return (self.type,)


def emit(*events: Event) -> None:
    """Write deliveries for events of one repository, and wake who sends them."""
    types = {heard for event in events for heard in event.heard_as}
    hooks = list(Webhook.objects.wanting(types, events[0].repository))
    for event in events:
        write(event, [hook for hook in hooks if hook.type in event.heard_as])


def write(event: Event, hooks: Iterable[Webhook]) -> None:
    """Write one event's deliveries to these webhooks."""
    hooks = list(hooks)
    if not hooks:
        return
    told, at = event.told(), timezone.now()
    WebhookDelivery.objects.bulk_create(
        [_delivery(hook, event, told, at) for hook in hooks], ignore_conflicts=True
    )
    for hook in hooks:
        delivery_wanted.send(sender=Webhook, webhook_id=hook.pk)


def _delivery(hook: Webhook, event: Event, told: Told, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        webhook=hook,
        event_uuid=event.uuid,
        type=event.type,
        payload=envelope(event.type, at, told.contents, event.location),
        guarded=told.guarded,
    )


def envelope(
    event_type: str, at: datetime, contents: dict[str, Any], location: str
) -> dict[str, Any]:
    """Return MSR's envelope."""
    return {
        "type": event_type,
        "createdAt": written(at),
        "contents": contents,
        "location": location,
    }
