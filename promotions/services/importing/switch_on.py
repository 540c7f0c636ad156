"""Switch on, in one namespace, the policies that were on where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.models import Namespace
from accounts.permissions import require_administrator
from accounts.services import grants, users
from promotions.models import ImportedObject, PolicyConsent, PromotionPolicy
from promotions.services import policies
from promotions.services.importing.ledger import Kind, State, sentence

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.models import Import

GLOBAL = "*"
"""In the place of a namespace: the policies that belong to none."""

COMMENT = "Given by the import from {}, where the policy was enabled."
GONE = "It was deleted here since."
CHANGED = "It was changed here since; switch it on in the portal."


def switch_on(
    *, actor: Actor, source: Import, namespace: str, apply: bool = False
) -> list[tuple[ImportedObject, str]]:
    """Switch on what was on there and was understood; return each with what came of it.

    "" means that it runs now. The actor, an administrator, agrees for both ends. Tags
    that exist are looked at with `apply` only. Whom the import let push, to copy
    images, may not any more. Repeatable: what was switched on once stays as people
    have it.
    """
    require_administrator(actor)
    answers = [
        (row, _switched(actor, row, apply=apply))
        for row in _wanted(source)
        if _belongs(row, namespace)
    ]
    _end_copying(actor, namespace)
    return answers


def _wanted(source: Import) -> list[ImportedObject]:
    rows = source.found.filter(kind=Kind.POLICY, switched_on_at=None)
    return [row for row in rows.order_by("id") if row.original.get("enabled") is True]


def _belongs(row: ImportedObject, namespace: str) -> bool:
    policy = _policy(row)
    if policy is not None:
        owner = policy.source_namespace
        return (owner.name if owner else GLOBAL) == namespace
    said = row.original.get("sourceRepository")
    return isinstance(said, str) and said.partition("/")[0] == namespace


def _policy(row: ImportedObject) -> PromotionPolicy | None:
    rows = PromotionPolicy.objects.kept().with_consents()
    return rows.filter(uuid=row.local_uuid).first() if row.local_uuid else None


def _switched(actor: Actor, row: ImportedObject, *, apply: bool) -> str:
    """Agree for both ends and switch on, or neither; return why not."""
    policy = _policy(row)
    if row.state != State.DONE:
        return row.reason
    if policy is None:
        return GONE
    if policy.shown_version.number != 1:
        return CHANGED
    try:
        with transaction.atomic():
            _agree(actor, row, policy)
            policy = policies.switch(
                actor=actor,
                policy=PromotionPolicy.objects.kept().get(pk=policy.pk),
                enabled=True,
                apply=apply,
            )
            row.switched_on_at = timezone.now()
            row.save(update_fields=["switched_on_at"])
    except (ValidationError, PermissionDenied, Http404) as error:
        return sentence(error)
    return ""


def _agree(actor: Actor, row: ImportedObject, policy: PromotionPolicy) -> None:
    """Give the consents that nobody answered; what somebody declined stays declined."""
    version = policy.shown_version
    answered = {one.side: one.answer for one in version.consents.all()}
    for side in PolicyConsent.Side:
        if side in answered and answered[side] != PolicyConsent.Answer.GIVEN:
            message = f"Somebody answered for the {side}: {answered[side]}."
            raise ValidationError(message)
        if side not in answered:
            policies.accept(
                actor=actor,
                version=version,
                side=side,
                comment=COMMENT.format(row.source.source_url)[:500],
            )


def _end_copying(actor: Actor, name: str) -> None:
    namespace = Namespace.objects.filter(name=name).first()
    if namespace is not None:
        grants.revoke(actor=actor, of=users.importer(actor=actor), on=namespace)
