"""Stop a promotion that has not been copied yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.services import audit
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.permissions import require_policy_admin
from promotions.querysets import IllegalTransition
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor


def cancel(*, actor: Actor, promotion: Promotion) -> None:
    """Cancel what waits, for a worker or for something else.

    Needs admin on source or target; who asked for the promotion may stop it, too.
    What is being copied at the moment runs to its end: raises ValidationError.
    """
    if promotion.requested_by_id is None or promotion.requested_by_id != actor.key:
        source = promotion.source_repository
        require_policy_admin(actor, source, _target(promotion) or source)
    rows = Promotion.objects.filter(
        pk=promotion.pk, state__in=(State.WAITING, State.PENDING)
    )
    with transaction.atomic():
        try:
            rows.move_to(
                State.CANCELLED,
                error_code="CANCELLED",
                reason=f"{actor.name} cancelled it.",
            )
        except IllegalTransition as error:
            message = "Only what waits can be cancelled: this has begun, or ended."
            raise ValidationError(message) from error
        audit.record(
            actor=actor,
            action="cancel promotion",
            subject=promotion,
            namespace=promotion.source_repository.namespace,
            after={"target": promotion.target},
        )


def _target(promotion: Promotion) -> Repository | None:
    rows = Repository.objects.live().filter(name=promotion.target_name)
    return rows.filter(namespace=promotion.target_namespace_id).first()
