"""*Save & Apply*: ask one policy about the tags that exist now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from promotions.models import Evaluation, PromotionPolicy
from promotions.services.evaluate import evaluate_move
from promotions.services.policies.survey import repositories_of
from repositories.models import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promotions.models import PolicyVersion
    from promotions.querysets import PromotionPolicyQuerySet

RENEW_EVERY = 50
BATCH = 1000


def apply(*, policy: PromotionPolicy) -> Iterator[int]:
    """Evaluate the policy on every tag of its sources; yield promotions to run.

    The wish stored with the policy is set to a time ahead while this goes on, so that
    nobody else starts, and forgotten at the end; what a dead worker left is done
    again. Nothing happens while the policy is disabled.
    """
    version, held = policy.current_version, policy.apply_wanted_at
    if version is None or held is None:
        return
    if not policy.enabled:
        _wish(policy, held).update(apply_wanted_at=None)
        return
    version.policy = policy
    for number, move_id in enumerate(_current_moves(version)):
        if number % RENEW_EVERY == 0 and not (held := _hold(policy, held)):
            return
        yield from evaluate_move(
            move_id=move_id, trigger=Evaluation.Trigger.APPLY, policy=policy
        )
    _wish(policy, held).update(apply_wanted_at=None)


def _current_moves(version: PolicyVersion) -> list[int]:
    """Return the moves by which the tags of all sources are what they are."""
    sources, moves = [row.pk for row in repositories_of(version)], list[int]()
    for start in range(0, len(sources), BATCH):
        tags = Tag.objects.filter(repository__in=sources[start : start + BATCH])
        moves += tags.order_by("id").values_list("current_move", flat=True)
    return moves


def _hold(policy: PromotionPolicy, held: datetime) -> datetime | None:
    """Move the time ahead; None when somebody else did, or asked anew."""
    ahead = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    return ahead if _wish(policy, held).update(apply_wanted_at=ahead) else None


def _wish(policy: PromotionPolicy, held: datetime) -> PromotionPolicyQuerySet:
    return PromotionPolicy.objects.filter(pk=policy.pk, apply_wanted_at=held)
