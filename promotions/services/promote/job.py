"""The copy itself, under a lease that is renewed while it lasts."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.querysets import IllegalTransition
from promotions.services.promote.claim import Claim, claim
from promotions.services.promote.outcome import (
    is_cancel_wanted,
    record_cancellation,
    record_failure,
    record_refusal,
    record_success,
)
from promotions.services.promote.wanted import load
from repositories.registry import (
    InvalidManifest,
    Progress,
    RegistryError,
    RepositoryName,
    TagName,
    copy_image,
)
from repositories.services import manifests, tags
from repositories.services.registry import client_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.registry import CopyReport, ImageIndex, ImageManifest

    Tree = dict[int, ImageManifest | ImageIndex]

log = structlog.get_logger()

ASK_SECONDS = 1.0  # between two questions whether to go on, while blobs are copied


class _CancelWanted(Exception):
    """Somebody asked to cancel the promotion; the tag is not written yet."""


def run(*, promotion_id: int) -> State | None:
    """Run one promotion as far as it goes; return its state, None if not to be had.

    Safe to call twice, at the same time, and after a crash at any point.
    """
    try:
        taken = claim(load(promotion_id))
    except IllegalTransition:
        return None
    if taken is None:
        return State(
            Promotion.objects.values_list("state", flat=True).get(pk=promotion_id)
        )
    return _copy_and_record(taken)


def _copy_and_record(claim: Claim) -> State | None:
    try:
        tree = manifests.tree(
            claim.promotion.manifest, held_by=claim.promotion.source_repository
        )
        report = _copy(claim, tree)
        record_success(claim, report, list(tree))
    except _CancelWanted:
        return record_cancellation(claim)
    except RegistryError as error:
        return record_failure(claim, error)
    except InvalidManifest as error:
        return record_refusal(claim, "MANIFEST_INVALID", str(error))
    except IllegalTransition:
        log.warning("promotion_lease_lost", promotion=str(claim.promotion.uuid))
        return None
    return State.SUCCEEDED


def _copy(claim: Claim, tree: Tree) -> CopyReport:
    promotion, placement = claim.promotion, claim.placement
    return copy_image(
        client_for(f"{tags.PROMOTION_SUBJECT}{promotion.uuid}"),
        source=RepositoryName.parse(promotion.source_repository.full_name),
        target=RepositoryName.parse(placement.repository.full_name),
        manifests=list(tree.values()),
        tag=TagName.parse(placement.tag),
        parallelism=settings.COPY_PARALLELISM,
        on_progress=_lease_keeper(claim),
    )


def _lease_keeper(claim: Claim) -> Callable[[Progress], None]:
    """Return what renews the lease every third of its length, while copying.

    It ends the copy when somebody asked for that, at the latest before the tag is
    written: a cancelled promotion moves no tag.
    """
    renewed = asked = monotonic()

    def renew(progress: Progress) -> None:
        nonlocal renewed, asked
        is_tag_next = progress.blobs_done == progress.blobs_total
        if is_tag_next or monotonic() - asked >= ASK_SECONDS:
            asked = monotonic()
            _refuse_cancelled(claim)
        if monotonic() - renewed < settings.LEASE_SECONDS / 3:
            return
        renewed = monotonic()
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        Promotion.objects.filter(pk=claim.promotion.pk).move_to(
            State.RUNNING,
            lease=claim.lease,
            leased_until=until,
            bytes_moved=progress.bytes_moved,
        )

    return renew


def _refuse_cancelled(claim: Claim) -> None:
    if is_cancel_wanted(claim.promotion):
        raise _CancelWanted
