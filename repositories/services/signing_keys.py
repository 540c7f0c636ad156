"""Register the keys that rules on signatures name, and retire them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Action
from accounts.models import User
from accounts.permissions import require, require_administrator
from accounts.services import audit
from repositories.models import SigningKey
from repositories.registry.simple_signing import as_pem, read_public_key
from repositories.signals import signing_key_changed

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace

LEFT_OUT = ("namespace", "created_by")


def create(
    *, actor: Actor, namespace: Namespace | None, name: str, public_key: str
) -> SigningKey:
    """Register a key for a namespace, or without one for the whole registry.

    Needs admin on the namespace, else an administrator. Policies that wait for a
    signature of the key are asked again. Raises ValidationError.
    """
    _require(actor, namespace)
    if not isinstance(actor.user, User):
        message = "Sign in to register a key: who did is kept."
        raise PermissionDenied(message)
    key = SigningKey(
        namespace=namespace, name=name, public_key=public_key, created_by=actor.user
    )
    key.full_clean(exclude=LEFT_OUT, validate_unique=False, validate_constraints=False)
    key.public_key = as_pem(read_public_key(public_key))
    try:
        with transaction.atomic():
            key.save()
            _record(actor, "create", key)
    except IntegrityError as error:
        raise _taken(key) from error
    return key


def retire(*, actor: Actor, key: SigningKey) -> None:
    """Let signatures of the key count no more; its name is never free again.

    Needs the same rights as to register it. Repeatable.
    """
    _require(actor, key.namespace)
    rows = SigningKey.objects.usable().filter(pk=key.pk)
    with transaction.atomic():
        if rows.update(retired_at=timezone.now(), noticed_at=None):
            _record(actor, "retire", key)


def set_noticed(*, key: SigningKey) -> None:
    """Note that policies were asked again, unless the key was retired since."""
    rows = SigningKey.objects.filter(pk=key.pk, retired_at=key.retired_at)
    rows.update(noticed_at=timezone.now())


def _require(actor: Actor, namespace: Namespace | None) -> None:
    if namespace is None:
        require_administrator(actor)
    else:
        require(actor, Action.ADMIN, namespace)


def _record(actor: Actor, action: str, key: SigningKey) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=key,
        namespace=key.namespace,
        after={"fingerprint": key.fingerprint},
    )
    signing_key_changed.send(sender=SigningKey, key_id=key.pk)


def _taken(key: SigningKey) -> ValidationError:
    message = (
        f"A key “{key.reference}” exists already, or was retired; a name means one key"
        " for ever, so choose another, such as one with the year."
    )
    return ValidationError({"name": message}, code="key_exists")
