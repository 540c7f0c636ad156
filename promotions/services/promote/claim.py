"""Before the copy: whether it is still wanted, where it goes, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import telling
from promotions.services.placement import (
    NotPlaced,
    Placement,
    TargetMissing,
    place,
    remember,
)
from promotions.services.promote.outcome import (
    STOPPED,
    failed,
    is_cancel_wanted,
    is_recorded,
    note_success,
)
from promotions.services.promote.wanted import (
    check_still_wanted,
    refuse_publishing,
)
from repositories.services import tags

if TYPE_CHECKING:
    from uuid import UUID

    from promotions.services.promote.wanted import WantedPromotion
    from repositories.models import Provenance

BUSY_SECONDS = 1
PLACE_AGAIN = 5
SILENT = ("WORKER_LOST", "The worker that copied the image was not heard of again.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion this worker holds, and where its image goes."""

    promotion: Promotion
    placement: Placement
    lease: UUID
    provenance: Provenance


def claim(promotion: WantedPromotion) -> Claim | None:
    """Make the row `running` for this worker; None when it came to another state.

    Raises IllegalTransition when it is not due: done, or another worker's.
    """
    was_left = promotion.state == State.RUNNING
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    if was_left and is_recorded(promotion):
        with transaction.atomic():
            rows.move_to(State.SUCCEEDED)
            note_success(promotion)
        return None
    if promotion.cancel_wanted_at and is_cancel_wanted(promotion):
        rows.move_to(State.CANCELLED, error_code="CANCELLED", reason=STOPPED)
        return None
    if was_left and promotion.attempts >= settings.PROMOTION_ATTEMPTS:
        _give_up(promotion)
        return None
    try:
        check_still_wanted(promotion)
        return _place_and_take(promotion)
    except NotPlaced as error:
        rows.move_to(State.SKIPPED, error_code=error.code, reason=str(error)[:500])
    except TargetMissing as error:
        with transaction.atomic():
            rows.move_to(State.WAITING, error_code="TARGET_MISSING", reason=str(error))
            telling.told(promotion, State.WAITING)
    return None


def _place_and_take(promotion: WantedPromotion) -> Claim | None:
    """Claim under a placement that still holds when the claim is made."""
    for _ in range(PLACE_AGAIN):
        try:
            placement = place(promotion)
            refuse_publishing(
                promotion.policy_version,
                promotion.source_repository,
                placement.repository,
            )
            return _take(promotion, placement)
        except tags.TagChanged:
            continue
    _wait(promotion)
    return None


def _wait(promotion: Promotion) -> None:
    """Let others finish with the tag first."""
    due_at = timezone.now() + timedelta(seconds=BUSY_SECONDS)
    rows = Promotion.objects.filter(pk=promotion.pk, state=State.PENDING)
    rows.update(due_at=due_at)


def _take(promotion: Promotion, placement: Placement) -> Claim | None:
    lease, now = uuid4(), timezone.now()
    lost = failed(promotion, *SILENT) if promotion.state == State.RUNNING else {}
    fields = {**lost, "error_code": "", "reason": ""}
    try:
        with transaction.atomic():
            provenance = remember(promotion)
            Promotion.objects.due().filter(pk=promotion.pk).move_to(
                State.RUNNING,
                lease_token=lease,
                leased_until=now + timedelta(seconds=settings.LEASE_SECONDS),
                started_at=promotion.started_at or now,
                attempts=F("attempts") + 1,
                target_namespace=placement.repository.namespace_id,
                target_name=placement.repository.name,
                target_repository=placement.repository,
                target_tag=placement.tag,
                **fields,
            )
            _refuse_stale(placement)
    except IntegrityError:
        # Another promotion is being copied to this tag: one at a time.
        _wait(promotion)
        return None
    promotion.attempts += 1
    promotion.failures = fields.get("failures", promotion.failures)
    return Claim(promotion, placement, lease, provenance)


def _refuse_stale(placement: Placement) -> None:
    """Raise TagChanged when the tag is not as it was when the place was chosen.

    From here on no other promotion writes it: it would have to be `running` too.
    """
    if tags.version_of(placement.repository, placement.tag) != placement.version:
        raise tags.TagChanged


def _give_up(promotion: Promotion) -> None:
    """Fail what was started too often: its workers died, or never came to an end."""
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    with transaction.atomic():
        rows.move_to(
            State.FAILED,
            error_code=promotion.error_code or "GAVE_UP",
            reason=promotion.reason or "The copy was started too often without an end.",
        )
        telling.told(promotion, State.FAILED)
