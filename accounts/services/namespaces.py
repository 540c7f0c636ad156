"""Take the name of a new namespace, and change what holds for a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.access import Action
from accounts.permissions import require
from accounts.services import audit

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace


def take(namespace: Namespace) -> Namespace:
    """Store a new namespace; raises ValidationError when its name is no name or taken.

    The services that create accounts have checked the rights, and record it.
    """
    namespace.full_clean()
    try:
        with transaction.atomic():
            namespace.save()
    except IntegrityError as error:  # somebody took it in this moment
        message = f"The name “{namespace}” is taken."
        raise ValidationError({"name": ValidationError(message, "unique")}) from error
    return namespace


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
