"""Change what holds for a whole namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.access import Action
from accounts.permissions import require
from accounts.services import audit

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace


def update(*, actor: Actor, namespace: Namespace, create_on_push: bool) -> Namespace:
    """Say whether a push may create a repository here; needs admin on the namespace."""
    require(actor, Action.ADMIN, namespace)
    before, namespace.create_on_push = namespace.create_on_push, create_on_push
    with transaction.atomic():
        namespace.save(update_fields=["create_on_push"])
        audit.record(
            actor=actor,
            action="update",
            subject=namespace,
            namespace=namespace,
            before={"create_on_push": before},
            after={"create_on_push": create_on_push},
        )
    return namespace
