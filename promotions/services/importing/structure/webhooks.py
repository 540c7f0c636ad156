"""Webhooks of another registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.services.importing.ledger import Kind, State, Thing

if TYPE_CHECKING:
    from promotions.services.importing.kinds import Webhook
    from promotions.services.importing.ledger import Ledger

NOT_TAKEN = "Webhooks are not taken over: add it here, and check where it leads."


def take_webhook(ledger: Ledger, there: Webhook) -> None:
    """List a webhook as not taken over."""
    where = there.key or "the registry"
    name = f"{there.type} of {where} to {there.endpoint}"
    thing = Thing(Kind.WEBHOOK, there.id, name, there.original)
    ledger.list_only(thing, State.REFUSED, NOT_TAKEN)
