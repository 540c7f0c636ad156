"""Switch policies on and off, apply them to what is there, and delete them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from promotions.models import PromotionPolicy
from promotions.permissions import administers, require_admin, require_policy_editor
from promotions.services.policies.audited import record, record_change
from promotions.services.policies.ends import Ends, named_target
from promotions.services.policies.locking import lock
from promotions.services.policies.managed import refuse_managed

if TYPE_CHECKING:
    from accounts.access import Actor


def switch(
    *, actor: Actor, policy: PromotionPolicy, enabled: bool | None, apply: bool = False
) -> PromotionPolicy:
    """Switch a policy, and look at the tags that exist if it runs and `apply` says so.

    Needs admin on the source; to switch it off, on either side is enough.
    """
    if enabled is False:
        require_stopper(actor, policy)
    else:
        require_policy_editor(actor, Ends.of(policy.shown_version).source)
        _refuse_gone_target(actor, policy)
    with transaction.atomic(), record_change(actor, "update", policy):
        if enabled is not None:
            write(policy, enabled=enabled)
        if apply and policy.enabled and policy.current_version:
            policy.apply_wanted_at = timezone.now()
            policy.save(update_fields=["apply_wanted_at"])
    return policy


def _refuse_gone_target(actor: Actor, policy: PromotionPolicy) -> None:
    """Tell who answers for the target that there is none to promote into."""
    version = policy.shown_version
    is_gone = version.target_name and named_target(version) is None
    if is_gone and administers(actor, version.target_namespace):
        message = f"The target {version.target} does not exist any more."
        raise ValidationError(message)


def write(policy: PromotionPolicy, *, enabled: bool) -> None:
    """Write the switch alone: somebody else may have changed the rest meanwhile."""
    policy.enabled = enabled
    policy.save(update_fields=["enabled"])


def delete(*, actor: Actor, policy: PromotionPolicy) -> None:
    """Delete a policy; what it promoted stays.

    Needs admin on the source; where that is one repository, on either side. Raises
    PermissionDenied for one that a file owns, too.
    """
    require_deleter(actor, policy)
    with transaction.atomic():
        rows = lock(policy.pk)
        for found in rows.only("managed_by"):
            refuse_managed(found)
        rows.update(deleted_at=timezone.now(), enabled=False)
        record(actor, "delete", policy, after={})


def may_stop(actor: Actor, policy: PromotionPolicy) -> bool:
    """Tell whether the actor may switch the policy off."""
    ends = Ends.of(policy.shown_version)
    return administers(actor, ends.source) or administers(actor, ends.target)


def require_stopper(actor: Actor, policy: PromotionPolicy) -> None:
    """Demand admin on source or target: always enough to stop a policy."""
    if not may_stop(actor, policy):
        require_admin(actor, Ends.of(policy.shown_version).source)


def require_deleter(actor: Actor, policy: PromotionPolicy) -> None:
    """Demand what deleting needs; others withdraw their consent instead."""
    if policy.scope == PromotionPolicy.Scope.REPOSITORY:
        require_stopper(actor, policy)
    else:
        require_admin(actor, Ends.of(policy.shown_version).source)
