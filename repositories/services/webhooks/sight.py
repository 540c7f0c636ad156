"""What the author of a webhook may see, asked at the moment of sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.access import Action
from accounts.models import Namespace
from repositories.models import Repository, Webhook

if TYPE_CHECKING:
    from repositories.models import WebhookDelivery


def may_listen(webhook: Webhook) -> bool:
    """Tell whether the author could subscribe now: who left, or lost it, could not."""
    rows = Webhook.objects.administered_by(webhook.writer)
    return rows.filter(pk=webhook.pk).exists()


def seen_by_author(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return the payload without what names a repository that the author cannot see."""
    hidden = {
        field
        for full_name, fields in delivery.guarded.items()
        if not _may_see(delivery.webhook, full_name)
        for field in fields
    }
    contents = delivery.payload["contents"]
    seen = {name: value for name, value in contents.items() if name not in hidden}
    return {**delivery.payload, "contents": seen}


def _may_see(webhook: Webhook, full_name: str) -> bool:
    """Tell whether the author may pull it; of what is not there, create it."""
    namespace = full_name.partition("/")[0]
    limit = webhook.limited_to
    if limit is not None and limit.name != namespace:
        return False
    pullable = Repository.objects.permitted(webhook.writer, Action.PULL)
    own = Namespace.objects.permitted(webhook.writer, Action.ADMIN)
    return pullable.named(full_name).exists() or own.filter(name=namespace).exists()
