"""Take the name of a new namespace, and change what holds for a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.access import Action
from accounts.models import Namespace
from accounts.permissions import require
from accounts.services import audit

if TYPE_CHECKING:
    from accounts.access import Actor


def take(namespace: Namespace) -> Namespace:
    """Store a new namespace; raises ValidationError when its name is no name or taken.

    So is the name of an account that was deleted and held something. The services
    that create accounts have checked the rights, and record it.
    """
    _refuse_reserved(namespace.name)
    namespace.full_clean()
    try:
        with transaction.atomic():
            namespace.save()
    except IntegrityError as error:  # somebody took it in this moment
        message = f"The name “{namespace}” is taken."
        raise ValidationError({"name": ValidationError(message, "unique")}) from error
    return namespace


def _refuse_reserved(name: str) -> None:
    rows = Namespace.objects.filter(user__isnull=True, organization__isnull=True)
    if "\0" not in name and rows.filter(name=name).exists():
        message = (
            f"“{name}” was the name of an account that is deleted, and stays reserved"
            " for what it held; choose another one."
        )
        raise ValidationError({"name": ValidationError(message, "unique")})


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
