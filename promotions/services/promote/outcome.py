"""After the copy: what became of it, and where the target tag points."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from promotions.models import Promotion, PromotionPolicy
from promotions.models.promotion import State
from promotions.querysets import IllegalTransition
from promotions.services import telling
from repositories.models import TagMove
from repositories.services import ingest, manifests, tags

if TYPE_CHECKING:
    from uuid import UUID

    from promotions.services.promote.claim import Claim
    from repositories.registry import CopyReport, RegistryError

log = structlog.get_logger()

MAX_DELAY_SECONDS = 600
MAX_FAILURES = 20  # of one promotion are kept, the last
STOPPED = "The promotion was cancelled while the image was being copied."


def record_success(claim: Claim, report: CopyReport, held: list[int]) -> None:
    """Record the end of the promotion and the move of the target tag together.

    The move goes on along the chain; the registry's own notification of the same push
    finds it written. `held` are the keys of the manifests copied. Raises
    IllegalTransition when the lease was lost.
    """
    version: int | None = claim.placement.version
    for _ in range(ingest.ASK_AGAIN):
        try:
            return _record(claim, report, held, version)
        except tags.TagChanged:
            if is_recorded(claim.promotion):
                return _finish(claim.promotion, claim.lease, report)
            version = _version_if_current(claim)
    _record(claim, report, held, version=None)
    return None


def is_recorded(promotion: Promotion) -> bool:
    """Tell whether the move is written: the registry's notification was faster."""
    return TagMove.objects.filter(promotion_uuid=promotion.uuid).exists()


def _record(
    claim: Claim, report: CopyReport, held: list[int], version: int | None
) -> None:
    promotion, placement = claim.promotion, claim.placement
    seen = tags.Sighting(
        tag=placement.tag,
        moved_at=timezone.now(),
        moved_by=f"{tags.PROMOTION_SUBJECT}{promotion.uuid}",
        expected_version=version,
        provenance=claim.provenance,
    )
    with transaction.atomic():
        _finish(promotion, claim.lease, report)
        manifests.hold(repository=placement.repository, manifests=held)
        tags.record_move(
            repository=placement.repository, manifest=promotion.manifest, seen=seen
        )
    log.info("promoted", promotion=str(promotion.uuid), source=promotion.source)


def _finish(promotion: Promotion, lease: UUID, report: CopyReport) -> None:
    Promotion.objects.filter(pk=promotion.pk).move_to(
        State.SUCCEEDED,
        lease=lease,
        blobs_done=report.blobs_total,
        blobs_total=report.blobs_total,
        bytes_moved=report.bytes_moved,
        blobs_mounted=report.blobs_mounted,
        requests_made=report.requests_made,
    )
    note_success(promotion)


def note_success(promotion: Promotion) -> None:
    """Tell of it, and let the policy, if there is one, say when it promoted last."""
    telling.told(promotion, State.SUCCEEDED)
    if promotion.policy_id is not None:
        rows = PromotionPolicy.objects.filter(pk=promotion.policy_id)
        rows.update(last_promoted_at=timezone.now())


def _version_if_current(claim: Claim) -> int | None:
    """Return the row's version when the registry's tag has the image.

    None when somebody pushed another image after the copy: that cannot be prevented
    beside a plain registry, but it is noticed.
    """
    placement = claim.placement
    version = tags.version_of(placement.repository, placement.tag)
    current = ingest.digest_of(placement.repository, placement.tag)
    if str(current) == claim.promotion.manifest.digest:
        return version
    log.warning(
        "promoted_tag_overwritten",
        promotion=str(claim.promotion.uuid),
        tag=f"{placement.repository}:{placement.tag}",
    )
    return None


def record_failure(claim: Claim, error: RegistryError) -> State | None:
    """Try again later what may pass; fail the rest. None when the lease was lost."""
    if not error.temporary or claim.promotion.attempts >= settings.PROMOTION_ATTEMPTS:
        return record_refusal(claim, error.code, error.message)
    delay = error.retry_after or _backoff(claim.promotion.attempts)
    return _move(
        claim,
        State.PENDING,
        due_at=timezone.now() + timedelta(seconds=min(delay, MAX_DELAY_SECONDS)),
        **failed(claim.promotion, error.code, error.message),
    )


def failed(promotion: Promotion, code: str, reason: str) -> dict[str, Any]:
    """Return what is written when an attempt fails: why, and beside the others."""
    why = {"code": code[:40], "reason": reason[:500]}
    at = timezone.now().isoformat()
    noted = [*promotion.failures, {"attempt": promotion.attempts, "at": at, **why}]
    return {
        "error_code": why["code"],
        "reason": why["reason"],
        "failures": noted[-MAX_FAILURES:],
    }


def _backoff(attempts: int) -> float:
    """Return the seconds to wait after so many attempts, with jitter."""
    longest: float = settings.RETRY_BASE_SECONDS * 2 ** min(attempts, 8)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def record_refusal(claim: Claim, code: str, reason: str) -> State | None:
    """Fail for good, with a code and a sentence. None when the lease was lost."""
    return _move(claim, State.FAILED, **failed(claim.promotion, code, reason))


def is_cancel_wanted(promotion: Promotion) -> bool:
    """Tell whether somebody asked to cancel it, and the target tag has not moved."""
    rows = Promotion.objects.filter(pk=promotion.pk, cancel_wanted_at__isnull=False)
    return rows.exists() and not is_recorded(promotion)


def record_cancellation(claim: Claim) -> State | None:
    """Stop before the tag was written. None when the lease was lost."""
    return _move(claim, State.CANCELLED, error_code="CANCELLED", reason=STOPPED)


def _move(claim: Claim, state: State, **fields: object) -> State | None:
    """Change the row under the lease; None when the lease was lost."""
    rows = Promotion.objects.filter(pk=claim.promotion.pk)
    try:
        with transaction.atomic():
            rows.move_to(state, lease=claim.lease, **fields)
            if state is State.FAILED:
                telling.told(claim.promotion, state)
    except IllegalTransition:
        return None
    return state
