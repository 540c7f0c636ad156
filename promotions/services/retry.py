"""Promote again, at once, all that failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404

from accounts.access import Action
from accounts.models import User
from promotions.models import Promotion
from promotions.services.repeat import promote_again

if TYPE_CHECKING:
    from accounts.access import Actor
    from promotions.querysets import PromotionQuerySet

BATCH = 500

# One sentence for what is deleted and for what is hidden: nobody can tell them apart.
END_UNKNOWN = "Its source or its target is gone, or you have no access to it."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A promotion that stays as it is, and why."""

    promotion: Promotion
    reason: str


@dataclass(slots=True)
class Retried:
    """What became of a batch; `left` come behind `last`, and were not looked at."""

    promotions: list[Promotion] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    last: Promotion | None = None
    left: int = 0


def retry_failed(
    *,
    actor: Actor,
    promotions: PromotionQuerySet,
    comment: str = "",
    after: Promotion | None = None,
) -> Retried:
    """Promote again what failed of `promotions`; the caller enqueues what it returns.

    Looks at no more than BATCH, oldest first, beginning behind `after`. Each needs
    what `promote_again` needs, in a transaction of its own; what somebody else
    repeated meanwhile is left out. Of promotions between repositories that are hidden
    from the actor nothing is told.
    """
    _require_person(actor)
    rows = promotions.known_to(actor).retryable()
    if after is not None:
        rows = rows.filter(pk__gt=after.pk)
    retried = Retried()
    for promotion in _batch(rows):
        retried.last = promotion
        try:
            again = _once(actor, promotion, comment)
        except (PermissionDenied, ValidationError, Http404) as refusal:
            retried.refused.append(Refusal(promotion, _sentence(refusal)))
        else:
            retried.promotions += [again] if again else []
    if retried.last is not None:
        retried.left = rows.filter(pk__gt=retried.last.pk).count()
    return retried


def _require_person(actor: Actor) -> None:
    if not isinstance(actor.user, User):
        message = "Sign in to promote again."
        raise PermissionDenied(message)
    if not actor.may_use(Action.PUSH):
        message = "The access token used was not made for “push”; use another one."
        raise PermissionDenied(message)


def _batch(rows: PromotionQuerySet) -> list[Promotion]:
    policy = "policy_version__policy"
    return list(rows.for_listing().select_related(policy).order_by("pk")[:BATCH])


def _once(actor: Actor, promotion: Promotion, comment: str) -> Promotion | None:
    """Promote again; None when somebody else did.

    The key of the next generation keeps it single; the lock only lets the two who ask
    at once count it once.
    """
    with transaction.atomic():
        rows = Promotion.objects.select_for_update(no_key=True).filter(pk=promotion.pk)
        list(rows.values_list("pk"))
        if promotion.repetitions.exists():
            return None
        return promote_again(actor=actor, promotion=promotion, comment=comment)


def _sentence(refusal: Exception) -> str:
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    return END_UNKNOWN if isinstance(refusal, Http404) else str(refusal)
