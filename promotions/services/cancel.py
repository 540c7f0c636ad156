"""Cancel promotions: those that wait at once, one being copied as soon as it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.services import audit
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.permissions import require_canceller
from promotions.querysets import IllegalTransition
from promotions.services.promote.outcome import is_recorded

if TYPE_CHECKING:
    from accounts.access import Actor

TRY_AGAIN = 3  # the row may change hands between two questions


def cancel(*, actor: Actor, promotion: Promotion) -> Promotion:
    """Stop a promotion and return it as it is then.

    Needs to be who asked for it, or admin on its source or target. One that is being
    copied stays `running` until its worker notices, before it writes the tag. Raises
    ValidationError when it came to its end already.
    """
    require_canceller(actor, promotion)
    before = promotion.state
    with transaction.atomic():
        _stop(promotion)
        promotion.refresh_from_db()
        audit.record(
            actor=actor,
            action="cancel",
            subject=promotion,
            namespace=promotion.source_repository.namespace,
            before={"state": before},
            after={
                "state": promotion.state,
                "cancel_wanted_at": str(promotion.cancel_wanted_at or ""),
            },
        )
    return promotion


def _stop(promotion: Promotion) -> None:
    for _ in range(TRY_AGAIN):
        if _cancel_waiting(promotion) or _ask_worker(promotion):
            return
    message = "The promotion has come to its end: there is nothing left to cancel."
    raise ValidationError(message)


def _cancel_waiting(promotion: Promotion) -> bool:
    """Cancel what nobody copies; False when a worker has it, or it is done."""
    if is_recorded(promotion):
        return False
    rows = Promotion.objects.filter(
        pk=promotion.pk, state__in=(State.WAITING, State.PENDING)
    )
    try:
        rows.move_to(
            State.CANCELLED,
            error_code="CANCELLED",
            reason="The promotion was cancelled before the image was copied.",
        )
    except IllegalTransition:
        return False
    return True


def _ask_worker(promotion: Promotion) -> bool:
    """Leave the wish for the worker; False when none has the promotion."""
    rows = Promotion.objects.filter(pk=promotion.pk, state=State.RUNNING)
    return bool(rows.update(cancel_wanted_at=timezone.now()))
