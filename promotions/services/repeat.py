"""Promote again what failed, was skipped or cancelled, or has to go once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404

from accounts.models import User
from accounts.services import audit
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.permissions import require_promoter
from promotions.services.evaluate import decide_by_hand
from repositories.models import Repository, TagMove

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.models import Decision, PolicyVersion


def promote_again(
    *, actor: Actor, promotion: Promotion, comment: str = ""
) -> Promotion:
    """Write the next generation of a promotion that ended; the caller enqueues it.

    Needs pull on the source and push on the target. A policy's promotion is decided
    anew, with the evidence of now, by the version it was made by, which must still be
    the policy's current one. Asked twice, it is done once. Raises ValidationError.
    """
    target = _target(promotion)
    require_promoter(actor, promotion.source_repository, target)
    if not isinstance(actor.user, User):
        message = "Sign in to promote again."
        raise PermissionDenied(message)
    if not State(promotion.state).is_final:
        message = f"The promotion is {promotion.state}: wait for its end, or cancel it."
        raise ValidationError(message)
    with transaction.atomic():
        values = _same(promotion) | {"decision": _decided(promotion)}
        again, created = Promotion.objects.get_or_create(
            idempotency_key=_next_key(promotion),
            defaults=values
            | {
                "target_repository": target,
                "requested_by": actor.user,
                "comment": comment,
            },
        )
        if created:
            _audit(actor, again)
    return again


def _target(promotion: Promotion) -> Repository:
    rows = Repository.objects.live().select_related("namespace")
    named = rows.filter(
        namespace=promotion.target_namespace_id, name=promotion.target_name
    )
    found = named.first()
    if found is None:
        # As for one that may not be seen: who promotes learns nothing of the target.
        message = "No repository with this name is visible to you."
        raise Http404(message)
    return found


def _same(promotion: Promotion) -> dict[str, Any]:
    """Return what stays; a tag made from a template is made anew."""
    by_hand = promotion.policy_version_id is None
    return {
        "policy": promotion.policy,
        "policy_version": promotion.policy_version,
        "generation": promotion.generation + 1,
        "repeats": promotion,
        "source_repository": promotion.source_repository,
        "source_tag": promotion.source_tag,
        "tag_move": promotion.tag_move,
        "manifest": promotion.manifest,
        "target_namespace": promotion.target_namespace,
        "target_name": promotion.target_name,
        "target_tag": promotion.target_tag if by_hand else "",
        "root_move": promotion.root_move,
        "hop": promotion.hop,
        "originated_by": promotion.originated_by,
    }


def _next_key(promotion: Promotion) -> str:
    """Return the key of the next generation, of which there can be but one."""
    key = promotion.idempotency_key
    if promotion.policy_version_id or promotion.generation > 1:
        key = key.rpartition(":")[0]
    return f"{key}:{promotion.generation + 1}"


def _decided(promotion: Promotion) -> Decision | None:
    version = promotion.policy_version
    if version is None:
        return None
    _refuse_stopped(promotion, version)
    moves = TagMove.objects.select_related("repository__namespace", "to_manifest")
    move = moves.get(pk=promotion.tag_move_id)
    decision, verdict = decide_by_hand(version=version, move=move)
    if decision is None:
        against = [
            outcome.sentence
            for outcome in verdict.outcomes
            if outcome.result != "holds"
        ]
        raise ValidationError(["The image does not meet the policy now.", *against])
    return decision


def _refuse_stopped(promotion: Promotion, version: PolicyVersion) -> None:
    policy = version.policy
    if policy.deleted_at or not policy.enabled:
        message = "The policy is deleted or switched off; promote the tag by hand."
        raise ValidationError(message)
    if policy.current_version_id != promotion.policy_version_id:
        message = "The policy was changed since; use its Save & Apply instead."
        raise ValidationError(message)


def _audit(actor: Actor, promotion: Promotion) -> None:
    audit.record(
        actor=actor,
        action="promote again",
        subject=promotion,
        namespace=promotion.source_repository.namespace,
        after={"target": promotion.target, "generation": promotion.generation},
    )
