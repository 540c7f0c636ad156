"""Policies that a file owns: what it does is changed in the file, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from promotions.models import PromotionPolicy
from promotions.permissions import require_policy_editor
from promotions.services.policies.audited import record
from promotions.services.policies.ends import Ends

if TYPE_CHECKING:
    from accounts.access import Actor

NOBODYS: dict[str, Any] = {
    "managed_by": "",
    "managed_at": None,
    "managed_for": None,
    "managed_enabled": None,
}


def refuse_managed(policy: PromotionPolicy) -> None:
    """Raise PermissionDenied for a policy that a file owns, and say which.

    Switching it, and answers of its sides, are for people all the same.
    """
    if policy.managed_by:
        message = (
            f"The file “{policy.managed_by}” owns this policy: change it there and"
            " apply the file, or release the policy from its file first. It can be"
            " switched off and on here."
        )
        raise PermissionDenied(message)


def mark(*, actor: Actor, policy: PromotionPolicy, file: str, enabled: bool) -> None:
    """Note that a file owns the policy, and what it says of the switch.

    Needs the right to change the policy, as people cannot any more. The caller holds a
    transaction.
    """
    require_policy_editor(actor, Ends.of(policy.shown_version).source)
    is_new = policy.managed_by != file
    by = actor.user if isinstance(actor.user, User) else None
    owned = {"managed_by": file, "managed_at": timezone.now(), "managed_for": by}
    write(policy, **owned, managed_enabled=enabled)
    if is_new:
        record(actor, "manage", policy, after={"file": file})


def release(*, actor: Actor, policy: PromotionPolicy) -> None:
    """Take a policy from its file: people change it again; nothing else changes.

    Needs admin on the source. The file takes it back when it is applied next.
    """
    require_policy_editor(actor, Ends.of(policy.shown_version).source)
    file = policy.managed_by
    if not file:
        return
    with transaction.atomic():
        write(policy, **NOBODYS)
        record(actor, "release", policy, before={"file": file}, after={})


def write(policy: PromotionPolicy, **columns: Any) -> None:
    """Write columns of a policy, here and in the database, and no others."""
    for name, value in columns.items():
        setattr(policy, name, value)
    PromotionPolicy.objects.filter(pk=policy.pk).update(**columns)
