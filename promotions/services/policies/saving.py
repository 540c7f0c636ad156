"""Create and change policies; every change makes a new version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import Http404
from django.utils import timezone

from accounts.permissions import RateLimited, require_administrator
from promotions.models import PolicyConsent, PolicyVersion, PromotionPolicy
from promotions.permissions import (
    administers,
    require_admin,
    require_policy_editor,
)
from promotions.services.policies import switching
from promotions.services.policies.admissions import admit_reached
from promotions.services.policies.audited import record, record_change
from promotions.services.policies.checks import check_effects, check_version
from promotions.services.policies.draft import Draft
from promotions.services.policies.ends import Ends, named_target
from promotions.services.policies.locking import lock_unchanged
from promotions.services.policies.managed import refuse_managed

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.access import Actor

BOTH = frozenset(PolicyConsent.Side)
SOURCE_ONLY = frozenset({PolicyConsent.Side.SOURCE})


def create(
    *,
    actor: Actor,
    draft: Draft,
    enabled: bool = True,
    apply: bool = False,
    propose: bool = False,
    request_uuid: UUID | None = None,
) -> PromotionPolicy:
    """Create a policy; needs admin on source and target.

    With `propose`, admin on the source is enough: the policy runs once an admin of the
    target accepts, and nothing tells whether the target exists. Raises ValidationError,
    with a sentence for each field, for rules or templates that cannot work, and
    RateLimited for too many proposals. Existing tags are looked at only with `apply`
    (*Save & Apply*): the wish is stored, and the caller enqueues `apply_policy`. The
    same `request_uuid` twice is one policy, the first.
    """
    version = draft.as_version(actor)
    consenting = _consenting(actor, version, propose=propose)
    policy = version.policy
    policy.enabled = enabled
    if request_uuid is not None:
        # Nobody can make it that of another's policy.
        wanted = uuid5(request_uuid, str(actor.key))
        if made := _made_before(wanted):
            return made
        if not PromotionPolicy.objects.filter(uuid=wanted).exists():
            policy.uuid = wanted  # else it was made, and deleted since
    try:
        with transaction.atomic():
            policy.save()
            version.policy = policy
            _save(actor, version, consenting, apply=apply)
            record(actor, "create", policy)
    except IntegrityError:
        if made := _made_before(policy.uuid):
            return made
        raise
    return policy


def keep_unanswered(*, actor: Actor, draft: Draft) -> PromotionPolicy:
    """Keep a policy that nobody agreed to yet, switched off; administrators only.

    For what comes from another registry: neither a loop nor what it would publish is
    looked for before somebody agrees. Raises ValidationError as `create` does.
    """
    require_administrator(actor)
    version = draft.as_version(actor)
    check_version(version)
    _refuse_missing(version)
    policy = version.policy
    policy.enabled = False
    with transaction.atomic():
        policy.save()
        version.policy = policy
        _save(actor, version, frozenset(), apply=False)
        record(actor, "create", policy)
    return policy


def _made_before(uuid: UUID) -> PromotionPolicy | None:
    rows = PromotionPolicy.objects.filter(uuid=uuid, deleted_at__isnull=True)
    return rows.with_consents().first()


def update(
    *,
    actor: Actor,
    policy: PromotionPolicy,
    changes: dict[str, Any],
    enabled: bool | None = None,
    apply: bool = False,
    propose: bool = False,
) -> PromotionPolicy:
    """Change what a policy does (a new version) and whether it is enabled.

    `changes` are fields of Draft; those that say what is so already make no new
    version. Rights, `apply` and `propose` are as in `create`; switching alone needs no
    admin of the target, and switching off an admin of either side. Raises
    ValidationError, too, when somebody else saved a version since `policy` was loaded,
    and PermissionDenied for one that a file owns.
    """
    base = policy.shown_version
    draft = replace(Draft.of(base), **changes)
    if draft == Draft.of(base):
        return switching.switch(
            actor=actor, policy=policy, enabled=enabled, apply=apply
        )
    version = draft.as_version(actor, policy)
    require_policy_editor(actor, Ends.of(base).source)
    refuse_managed(policy)
    consenting = _consenting(actor, version, propose=propose)
    with transaction.atomic(), record_change(actor, "update", policy):
        lock_unchanged(policy)
        version.number = _next_number(policy)
        if enabled is not None:
            switching.write(policy, enabled=enabled)
        _save(actor, version, consenting, apply=apply)
    return policy


def refuse_saving(
    *, actor: Actor, version: PolicyVersion, propose: bool, with_effects: bool
) -> None:
    """Raise what saving a checked version would raise, and save nothing.

    `with_effects` asks for what takes long: loops, and images that become public.
    """
    base = version.policy.shown_version if version.policy.pk else None
    if base is not None and Draft.of(base) == Draft.of(version):
        return  # that makes no version
    consenting = _consenting(actor, version, propose=propose)
    if with_effects and consenting == BOTH:
        check_effects(actor, version)


def _consenting(
    actor: Actor, version: PolicyVersion, *, propose: bool
) -> frozenset[PolicyConsent.Side]:
    """Return the sides that agree by saving; raise where the actor may not save."""
    ends = Ends.of(version)
    require_policy_editor(actor, ends.source)
    check_version(version)
    if administers(actor, ends.target):
        _refuse_missing(version)
        return BOTH
    if not propose:
        _refuse_target(actor, version, ends)
    _refuse_flood(actor)
    return SOURCE_ONLY


def _refuse_missing(version: PolicyVersion) -> None:
    """Refuse a name under which there is nothing: it is a slip of the pen."""
    if version.target_pattern and "{" in version.target_pattern:
        return
    if named_target(version) is None:
        message = f"No repository with the name {version.target} is visible to you."
        raise Http404(message)


def _refuse_target(actor: Actor, version: PolicyVersion, ends: Ends) -> None:
    """Raise Http404 for what the actor may not know of, PermissionDenied otherwise."""
    _refuse_missing(version)
    if ends.target is None:
        # As for a namespace that is hidden, whose admins alone could agree.
        message = "No namespace with this name is visible to you."
        raise Http404(message)
    require_admin(actor, ends.target)


def _refuse_flood(actor: Actor) -> None:
    """Allow no more proposals than settings say: each asks somebody for an answer."""
    limit = settings.PROPOSALS_PER_HOUR
    proposed = PolicyVersion.objects.filter(
        created_by=actor.key,
        was_proposed=True,
        created_at__gt=timezone.now() - timedelta(hours=1),
    )
    if proposed.count() >= limit:
        message = f"You proposed {limit} policies within an hour; go on later."
        raise RateLimited(message, retry_after=3600)


def _next_number(policy: PromotionPolicy) -> int:
    last = policy.versions.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def _save(
    actor: Actor,
    version: PolicyVersion,
    consenting: frozenset[PolicyConsent.Side],
    *,
    apply: bool,
) -> None:
    """Write the version and who agrees; it is the current one where both sides do."""
    version.initial_evaluation, version.was_proposed = apply, consenting != BOTH
    if consenting == BOTH:
        check_effects(actor, version)
    version.save()
    now = timezone.now()
    for side in consenting:
        version.consents.create(
            side=side,
            answer=PolicyConsent.Answer.GIVEN,
            decided_by=version.created_by,
            decided_at=now,
        )
    if consenting == BOTH:
        make_current(actor, version)
    else:
        _propose(version)


def _propose(version: PolicyVersion) -> None:
    version.policy.proposed_version = version
    version.policy.save(update_fields=["proposed_version"])


def make_current(actor: Actor, version: PolicyVersion) -> None:
    """Let the policy do from now on what the version says; both sides have agreed.

    What was proposed before is over with it, and so is the wish to apply what ran
    before. *Save & Apply* is remembered here.
    """
    policy = version.policy
    before = policy.current_version
    policy.current_version, policy.proposed_version = version, None
    is_to_apply = version.initial_evaluation and policy.enabled
    policy.apply_wanted_at = timezone.now() if is_to_apply else None
    policy.save(
        update_fields=["current_version", "proposed_version", "apply_wanted_at"]
    )
    is_global = policy.scope == PromotionPolicy.Scope.GLOBAL
    if is_global and (before is None or before.source != version.source):
        admit_reached(actor, version)
