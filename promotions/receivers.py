"""What the registry's content says to promotions: receivers only enqueue, on commit."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from promotions.tasks import evaluate_move
from repositories.signals import tag_pushed
from repositories.tasks import wake


@receiver(tag_pushed, dispatch_uid="evaluate_move")
def evaluate_pushed_tag(*, move_id: int, **_kwargs: Any) -> None:
    """Ask the policies about the move as soon as it is committed."""
    wake(evaluate_move, move_id)
