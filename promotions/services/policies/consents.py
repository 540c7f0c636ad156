"""Agree to what a policy does, decline it, or withdraw from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Namespace, User
from promotions.models import PolicyConsent, PolicyVersion, PromotionPolicy
from promotions.permissions import require_admin, require_policy_editor
from promotions.services.policies.audited import record
from promotions.services.policies.checks import check_effects
from promotions.services.policies.ends import Ends
from promotions.services.policies.locking import lock
from promotions.services.policies.managed import refuse_managed
from promotions.services.policies.saving import make_current

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.permissions import End

Answer = PolicyConsent.Answer

# Which answers an answer may take the place of; None is that there was none.
REPLACES: dict[str, tuple[str | None, ...]] = {
    Answer.GIVEN: (None, Answer.DECLINED, Answer.WITHDRAWN),
    Answer.DECLINED: (None,),
    Answer.WITHDRAWN: (Answer.GIVEN,),
}
REFUSED = {
    Answer.GIVEN: "This side has agreed already.",
    Answer.DECLINED: "This side has answered already: withdraw the consent instead.",
    Answer.WITHDRAWN: "This side has not agreed, so there is nothing to withdraw.",
}


def accept(
    *, actor: Actor, version: PolicyVersion, side: str, comment: str = ""
) -> PromotionPolicy:
    """Agree to a version for one side, of which the actor must be an admin.

    With the consents of both sides it is what the policy does from now on, and applied
    to what is there if *Save & Apply* was pressed: the caller enqueues `apply_policy`.
    Raises ValidationError when the policy was changed since, would loop, or this side
    agreed already.
    """
    with transaction.atomic():
        policy = _open(version)
        end = _require_end(actor, version, side)
        check_effects(actor, version)
        _answer(actor, version, side, Answer.GIVEN, comment)
        given = version.consents.filter(answer=Answer.GIVEN).count()
        if given == len(PolicyConsent.Side):
            _take_effect(actor, version)
        _audit(actor, "accept", version, side, end, comment)
    return policy


def decline(
    *, actor: Actor, version: PolicyVersion, side: str, comment: str = ""
) -> PromotionPolicy:
    """Say no to a proposed version for one side; what runs goes on. Raises as above."""
    return _refuse(actor, version, side, Answer.DECLINED, comment)


def withdraw(
    *, actor: Actor, version: PolicyVersion, side: str, comment: str = ""
) -> PromotionPolicy:
    """Take the consent of one side back: the policy stops. Raises as above."""
    return _refuse(actor, version, side, Answer.WITHDRAWN, comment)


def retract(*, actor: Actor, policy: PromotionPolicy) -> PromotionPolicy:
    """Take back what is proposed; a policy that never ran is deleted with it.

    Needs admin on the source. Raises ValidationError when nothing is proposed, and
    PermissionDenied for a policy that a file owns.
    """
    version = policy.proposed_version
    require_policy_editor(actor, Ends.of(policy.shown_version).source)
    refuse_managed(policy)
    if version is None:
        message = "Nothing is proposed for this policy."
        raise ValidationError(message)
    gone = timezone.now() if policy.current_version is None else None
    with transaction.atomic():
        rows = PromotionPolicy.objects.filter(pk=policy.pk, proposed_version=version)
        if not rows.update(proposed_version=version if gone else None, deleted_at=gone):
            raise _changed()
        record(actor, "retract", policy, after={"version": version.number})
    policy.refresh_from_db()
    return policy


def _refuse(
    actor: Actor, version: PolicyVersion, side: str, answer: str, comment: str
) -> PromotionPolicy:
    with transaction.atomic():
        policy = _open(version)
        end = _require_end(actor, version, side)
        _answer(actor, version, side, answer, comment)
        verb = "decline" if answer == Answer.DECLINED else "withdraw"
        _audit(actor, verb, version, side, end, comment)
    return policy


def _open(version: PolicyVersion) -> PromotionPolicy:
    """Return the policy as it is now, if the version is still up for an answer.

    It stays so until the transaction ends.
    """
    lock(version.policy_id)
    policy = PromotionPolicy.objects.kept().filter(pk=version.policy_id).first()
    if policy is None:
        message = "The policy was deleted."
        raise ValidationError(message)
    if version.pk not in {policy.current_version_id, policy.proposed_version_id}:
        raise _changed()
    version.policy = policy
    return policy


def _changed() -> ValidationError:
    message = "The policy was changed since; look at what it says now."
    return ValidationError(message, code="changed")


def _require_end(actor: Actor, version: PolicyVersion, side: str) -> End:
    end = Ends.of(version).on(side)
    require_admin(actor, end)
    return end


def _answer(
    actor: Actor, version: PolicyVersion, side: str, answer: str, comment: str
) -> None:
    """Write the answer in the place of the one before, if that may be.

    The UPDATE names the answer read: of two people at once, one is told.
    """
    rows = PolicyConsent.objects.filter(policy_version=version, side=side)
    before = rows.values_list("answer", flat=True).first()
    if before not in REPLACES[answer]:
        raise ValidationError(REFUSED[Answer(answer)])
    values = {
        "answer": answer,
        "decided_by": actor.user if isinstance(actor.user, User) else None,
        "decided_at": timezone.now(),
        "comment": comment,
    }
    if before is None:
        _, written = rows.get_or_create(
            policy_version=version, side=side, defaults=values
        )
    else:
        written = bool(rows.filter(answer=before).update(**values))
    if not written:
        raise _changed()


def _take_effect(actor: Actor, version: PolicyVersion) -> None:
    """Make a proposed version the current one; start one again that was withdrawn."""
    policy = version.policy
    if policy.proposed_version_id == version.pk:
        make_current(actor, version)
    elif version.initial_evaluation and policy.enabled:
        policy.apply_wanted_at = timezone.now()
        policy.save(update_fields=["apply_wanted_at"])


def _audit(
    actor: Actor, action: str, version: PolicyVersion, side: str, end: End, comment: str
) -> None:
    record(
        actor,
        action,
        version.policy,
        after={"version": version.number, "side": side, "comment": comment},
        namespace=end if end is None or isinstance(end, Namespace) else end.namespace,
    )
