"""The copy itself, under a lease that is renewed while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.querysets import IllegalTransition
from promotions.services.promote.claim import Claim, claim
from promotions.services.promote.keeping import CancelWanted, Keeper
from promotions.services.promote.outcome import (
    record_cancellation,
    record_failure,
    record_refusal,
    record_success,
)
from promotions.services.promote.wanted import load
from repositories.registry import (
    InvalidManifest,
    RegistryError,
    RepositoryName,
    TagName,
    copy_image,
)
from repositories.services import manifests, tags
from repositories.services.registry import client_for

if TYPE_CHECKING:
    from repositories.registry import CopyReport, ImageIndex, ImageManifest

    Tree = dict[int, ImageManifest | ImageIndex]

log = structlog.get_logger()


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
    except CancelWanted:
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
        on_progress=Keeper(claim),
    )
