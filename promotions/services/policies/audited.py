"""What the audit log is told about policies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from accounts.services import audit
from promotions.services.policies.draft import CHOSEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.models import PolicyVersion, PromotionPolicy


def record(
    actor: Actor,
    action: str,
    policy: PromotionPolicy,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    namespace: Namespace | None = None,
) -> None:
    """Write what was done to a policy; without `after`, what it is now.

    The entry is of the source's namespace unless another is named.
    """
    audit.record(
        actor=actor,
        action=action,
        subject=policy,
        namespace=namespace or policy.source_namespace,
        before=before,
        after=as_shown(policy) if after is None else after,
    )


@contextmanager
def record_change(actor: Actor, action: str, policy: PromotionPolicy) -> Iterator[None]:
    """Write what was before and what is after; nothing where the work is refused."""
    before = as_shown(policy)
    yield
    record(actor, action, policy, before=before)


def as_shown(policy: PromotionPolicy) -> dict[str, Any]:
    """Return what the log keeps of a policy."""
    proposed = policy.proposed_version
    return {
        "enabled": policy.enabled,
        **_content(policy.shown_version),
        "proposed": _content(proposed) if proposed else None,
    }


def _content(version: PolicyVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "source": version.source,
        "target": version.target,
        "allow_cycle": version.allow_cycle,
        **{name: getattr(version, name) for name in CHOSEN},
    }
