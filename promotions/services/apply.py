"""*Save & Apply*: ask one policy about the tags that exist now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.models import Evaluation
from promotions.services.evaluate import evaluate_move
from repositories.models import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promotions.models import PromotionPolicy


def apply(*, policy: PromotionPolicy) -> Iterator[int]:
    """Evaluate the policy on every tag of its source; yield promotions to run.

    Nothing happens while the policy is disabled.
    """
    version = policy.current_version
    if version is None:
        return
    moves = Tag.objects.filter(repository=version.source_repository)
    for move_id in moves.order_by("id").values_list("current_move", flat=True):
        yield from evaluate_move(
            move_id=move_id, trigger=Evaluation.Trigger.APPLY, policy=policy
        )
