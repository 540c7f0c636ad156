"""Forget old history that nothing rests on.

What stands, and what it came from, is kept however old it is: the moves that tags point
by, the promotions that brought a tag or would be made again without their row, and
the decisions that they rest on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.db.models import Exists, OuterRef

from accounts.services import retention
from promotions.models import Decision, Evaluation, Promotion
from promotions.models.promotion import FINAL_STATES
from repositories.models import Tag, TagMove

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went, with what was about them alone."""

    entries: int
    promotions: int
    moves: int


def forget() -> Forgotten:
    """Delete what is older than the settings want it kept; return how much."""
    forgotten = Forgotten(
        entries=retention.forget_audit(), promotions=_promotions(), moves=_moves()
    )
    if forgotten != Forgotten(0, 0, 0):
        log.info(
            "history_forgotten",
            entries=forgotten.entries,
            promotions=forgotten.promotions,
            moves=forgotten.moves,
        )
    return forgotten


def _promotions() -> int:
    before = retention.end_of(Promotion.objects.all(), "finished_at")
    return retention.delete(_idle_promotions(before)) if before else 0


def _idle_promotions(before: datetime) -> QuerySet[Promotion]:
    """Return those that ended, whose copy is gone, and which nothing would repeat.

    While a tag stands by the move that was promoted, the row is what keeps it from
    being promoted again.
    """
    brought = TagMove.objects.filter(promotion_uuid=OuterRef("uuid"))
    stands = Tag.objects.filter(current_move=OuterRef("tag_move"))
    again = Promotion.objects.filter(repeats=OuterRef("pk"))
    return Promotion.objects.filter(
        ~Exists(brought),
        ~Exists(stands),
        ~Exists(again),
        state__in=FINAL_STATES,
        finished_at__lt=before,
    )


def _moves() -> int:
    before = retention.end_of(TagMove.objects.all())
    if before is None or not _idle_moves(before).exists():
        return 0
    retention.open_horizon(TagMove, before)
    moves = _idle_moves(before)
    asked = Evaluation.objects.filter(tag_move__in=moves.values("pk"))
    retention.delete(asked)
    return retention.delete(moves)


def _idle_moves(before: datetime) -> QuerySet[TagMove]:
    """Return old moves that no tag, decision or promotion goes back to."""
    stands = Tag.objects.filter(current_move=OuterRef("pk"))
    decided = Decision.objects.filter(tag_move=OuterRef("pk"))
    promoted = Promotion.objects.filter(tag_move=OuterRef("pk"))
    begun = Promotion.objects.filter(root_move=OuterRef("pk"))
    return TagMove.objects.filter(
        ~Exists(stands),
        ~Exists(decided),
        ~Exists(promoted),
        ~Exists(begun),
        created_at__lt=before,
    )
