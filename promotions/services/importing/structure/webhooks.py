"""Webhooks of another registry: they come paused, for somebody to look where they lead.

Who imports is their author, and an administrator sees more than who has the receiver:
they are told of their own namespace alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from promotions.services.importing.ledger import Became, Kind, State, Thing
from repositories.models import Repository, Webhook
from repositories.services import webhooks
from repositories.services.webhooks.subscribing import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import Namespace
    from promotions.models import ImportedObject
    from promotions.services.importing.kinds import Webhook as WebhookThere
    from promotions.services.importing.structure.contents import Contents

OF_ALL = "It is about the whole registry: make it anew, in the admin."
PAUSED = "Is paused: look where it leads, then let it go on. Its secret is new."


def take_webhook(contents: Contents, there: WebhookThere) -> None:
    """Take a webhook over, paused; its certificate and its switches stay there."""
    actor = contents.ledger.actor

    def work(_before: ImportedObject | None) -> Became:
        scope = _scope(contents, there.key)
        if found := _same(scope, there):
            return Became(State.SKIPPED, "There is one like it here.", found.uuid)
        draft = webhooks.Draft(type=there.type, endpoint=there.endpoint, is_narrow=True)
        made = webhooks.create(actor=actor, scope=scope, draft=draft)
        webhooks.pause(actor=actor, webhook=made)
        return Became(State.DONE, " ".join(_said(there)), made.uuid)

    receiver = origin_of(there.endpoint)
    name = f"{there.type} of {there.key or 'everything'} to {receiver}"
    thing = Thing(Kind.WEBHOOK, there.id, name, there.original)
    contents.ledger.take_over(thing, work)


def _scope(contents: Contents, key: str) -> Repository | Namespace:
    if not key:
        raise ValidationError(OF_ALL)
    if "/" not in key:
        return contents.owners.namespace(key)
    return contents.needed(key, "repository")


def _same(scope: Repository | Namespace, there: WebhookThere) -> Webhook | None:
    rows = Webhook.objects.filter(type=there.type, endpoint=there.endpoint)
    where = "repository" if isinstance(scope, Repository) else "namespace"
    return rows.filter(**{where: scope}).first()


def _said(there: WebhookThere) -> Iterator[str]:
    yield PAUSED
    if there.is_inactive:
        yield "It was inactive there."
    if there.has_certificate:
        yield "Its certificate was not taken over: add that of an authority."
    if there.skip_tls_verification:
        yield "Certificates are always verified here, and were not there."
