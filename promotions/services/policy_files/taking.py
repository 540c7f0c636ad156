"""Each step as its own write, by the services and rights of whoever applies the file.

There is no shorter way for many: what one policy may not do alone, it may not do here.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import MissingRight
from promotions.services import policies
from promotions.services.policies.draft import Draft
from promotions.services.policies.managed import NOBODYS, write
from promotions.services.policy_files.comparing import (
    REFUSALS,
    WAITS,
    latest,
    sentence,
)
from promotions.services.policy_files.steps import Action

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.models import PromotionPolicy
    from promotions.services.policy_files.comparing import Work
    from promotions.services.policy_files.steps import Options, Step

_WRITES = {Action.CREATE, Action.UPDATE, Action.DELETE}

PROPOSE = "With “propose: true” the file asks them to agree."

ORDER = {
    Action.DELETE: 0,
    Action.UPDATE: 1,
    Action.CREATE: 2,
    Action.DRIFT: 3,
    Action.KEPT: 3,
    Action.UNCHANGED: 3,
}
"""What goes makes room first, so that no loop is seen that will not be."""


def take(
    actor: Actor, work: Work, file: str, options: Options
) -> tuple[Step, PromotionPolicy | None]:
    """Do what a step says; return it as it came out, and the policy it wrote.

    Refused, it left nothing behind. The caller holds a transaction.
    """
    step = work.step
    if step.refusal or step.action not in _WRITES:
        return step, None
    try:
        with transaction.atomic():
            policy = _done(actor, work, file, options)
    except REFUSALS as error:
        return replace(step, refusal=_said(error)), None
    is_left = step.action is not Action.DELETE and policy.proposed_version is not None
    notes = (*step.notes, WAITS) if is_left else step.notes
    return replace(step, uuid=policy.uuid, notes=notes), policy


def _said(error: Exception) -> str:
    said = sentence(error)
    return f"{said} {PROPOSE}" if isinstance(error, MissingRight) else said


def _done(actor: Actor, work: Work, file: str, options: Options) -> PromotionPolicy:
    if work.entry is None or work.draft is None:
        return _delete(actor, work)
    entry, draft = work.entry, work.draft
    if work.policy is None:
        policy = policies.create(
            actor=actor,
            draft=draft,
            enabled=work.enabled,
            apply=options.evaluate,
            propose=entry.propose,
        )
        write(policy, key=entry.key)
    else:
        policy = _update(actor, work, work.policy, draft, options)
    policies.mark(actor=actor, policy=policy, file=file, enabled=entry.enabled)
    return policy


def _delete(actor: Actor, work: Work) -> PromotionPolicy:
    policy = work.policy
    if policy is None:
        message = "Nothing can be deleted that is not there."
        raise ValueError(message)
    policies.release(actor=actor, policy=policy)
    policies.delete(actor=actor, policy=policy)
    return policy


def _update(
    actor: Actor,
    work: Work,
    policy: PromotionPolicy,
    draft: Draft,
    options: Options,
) -> PromotionPolicy:
    """Let the policy be what the draft says, while for this moment no file owns it."""
    write(policy, **NOBODYS)
    runs = policy.current_version
    changes = {one.name: getattr(draft, one.name) for one in fields(Draft)}
    if draft == Draft.of(latest(policy)):
        changes = {}
    elif runs is not None and draft == Draft.of(runs):
        policies.retract(actor=actor, policy=policy)
        changes = {}
    enabled = work.enabled if work.enabled != policy.enabled else None
    if changes or enabled is not None:
        policies.update(
            actor=actor,
            policy=policy,
            changes=changes,
            enabled=enabled,
            apply=options.evaluate,
            propose=bool(work.entry and work.entry.propose),
        )
    return policy
