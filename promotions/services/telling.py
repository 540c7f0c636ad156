"""Tell the source's webhooks what became of promotions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from promotions.models import Promotion
from promotions.models.promotion import State
from repositories.models import EventType
from repositories.services.webhooks import Event, Told, emit
from repositories.services.webhooks.contents import image_name, location, written

if TYPE_CHECKING:
    from collections.abc import Iterable

TYPES = {
    State.SUCCEEDED: EventType.PROMOTION,
    State.FAILED: EventType.PROMOTION_FAILED,
    State.WAITING: EventType.PROMOTION_WAITING,
}
# What names the target, or may: only for those who may see it.
GUARDED = [
    "targetNamespace",
    "targetRepository",
    "targetTag",
    "targetImage",
    "reason",
]


def told(promotion: Promotion, state: State) -> None:
    """Tell that a promotion came into a state; each is told of once.

    Call it in the transaction that brings it there.
    """
    repository = promotion.source_repository
    emit(
        Event(
            TYPES[state],
            repository,
            f"promotion:{promotion.pk}",
            location(repository, "tags", promotion.source_tag),
            partial(_told, promotion.pk),
        )
    )


def told_failed(promotions: Iterable[Promotion]) -> None:
    """Tell of those that failed before they ran."""
    for promotion in promotions:
        if promotion.state == State.FAILED:
            told(promotion, State.FAILED)


def _told(promotion_id: int) -> Told:
    promotion = Promotion.objects.for_listing().get(pk=promotion_id)
    contents = {**_source(promotion), **_target(promotion)}
    return Told(contents, {promotion.target_full_name: GUARDED})


def _source(promotion: Promotion) -> dict[str, Any]:
    repository, manifest = promotion.source_repository, promotion.manifest
    author = promotion.requested_by
    return {
        "namespace": repository.namespace.name,
        "repository": repository.name,
        "tag": promotion.source_tag,
        "digest": manifest.digest,
        "imageName": image_name(repository, promotion.source_tag),
        "os": manifest.os,
        "architecture": manifest.architecture,
        "author": author.get_username() if author else "",
        "promotionID": str(promotion.uuid),
        "promotionPolicyID": str(promotion.policy.uuid) if promotion.policy else "",
        "errorCode": promotion.error_code,
    }


def _target(promotion: Promotion) -> dict[str, Any]:
    namespace, finished = promotion.target_namespace, promotion.finished_at
    times = {"promotedAt": written(finished)} if finished else {}
    return {
        "targetNamespace": namespace.name if namespace else "",
        "targetRepository": promotion.target_name,
        "targetTag": promotion.target_tag,
        "targetImage": promotion.target,
        "reason": promotion.reason,
        **times,
    }
