"""What a policy is at a moment, for clients that change what they have read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from promotions.permissions import administers
from promotions.services.policies import Ends

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.models import PromotionPolicy


def state_of(actor: Actor, policy: PromotionPolicy) -> str:
    """Return what stands in the policy's ETag: which version it is, and if enabled.

    What is proposed counts for who may change the policy; others need not notice.
    """
    parts = [policy.current_version_id, policy.enabled, policy.managed_by]
    if administers(actor, Ends.of(policy.shown_version).source):
        parts.append(policy.proposed_version_id)
    return hashlib.sha256(repr([policy.uuid, *parts]).encode()).hexdigest()[:16]
