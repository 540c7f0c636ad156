"""One change of a policy at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from promotions.models import PromotionPolicy

if TYPE_CHECKING:
    from promotions.querysets import PromotionPolicyQuerySet


def lock(policy_id: int) -> PromotionPolicyQuerySet:
    """Let whoever else changes the policy wait for the end of this transaction.

    Without it two answers that come at once count without each other, and a consent
    may be withdrawn from a version that is being replaced.
    """
    rows = PromotionPolicy.objects.filter(pk=policy_id)
    list(rows.select_for_update(no_key=True).values_list("pk"))
    return rows


def lock_unchanged(policy: PromotionPolicy) -> None:
    """Lock a policy; raise ValidationError when it is not as it was loaded any more."""
    rows = lock(policy.pk).filter(deleted_at=None)
    columns = "current_version", "proposed_version", "managed_by"
    found = rows.values_list(*columns).first()
    known = policy.current_version_id, policy.proposed_version_id, policy.managed_by
    if found != known:
        message = "Somebody else changed the policy meanwhile; reload and try again."
        raise ValidationError(message)
