"""Promotions that succeeded, written as a worker would, without a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from promotions.models import Promotion
from promotions.services.evaluate import evaluate_move
from promotions.services.placement import remember
from repositories.models import IndexChild
from repositories.services import manifests
from tests.factories import make_tag

if TYPE_CHECKING:
    from accounts.models import User
    from repositories.models import Repository, Tag


def promote(tag: Tag, into: Repository) -> list[Promotion]:
    """Ask the policies about a tag, and let all that they promote arrive in `into`."""
    keys = evaluate_move(move_id=tag.current_move.pk)
    return [arrive(Promotion.objects.get(pk=key), into, tag.name) for key in keys]


def promote_by_hand(tag: Tag, into: Repository, by: User) -> Promotion:
    promotion = Promotion.objects.create(
        requested_by=by,
        idempotency_key=f"by hand {tag.pk}",
        source_repository=tag.repository,
        source_tag=tag.name,
        tag_move=tag.current_move,
        root_move=tag.current_move,
        manifest=tag.manifest,
        target_namespace=into.namespace,
        target_name=into.name,
    )
    return arrive(promotion, into, tag.name)


def arrive(
    promotion: Promotion, into: Repository, name: str, **values: Any
) -> Promotion:
    """Let a promotion succeed: the target's tag points to its image, and says so."""
    Promotion.objects.filter(pk=promotion.pk).update(
        state=Promotion.State.SUCCEEDED,
        target_repository=into,
        target_tag=name,
        finished_at=timezone.now(),
        **values,
    )
    promotion.refresh_from_db()
    remember(promotion)
    below = IndexChild.objects.filter(index=promotion.manifest_id)
    images = [promotion.manifest_id, *below.values_list("child", flat=True)]
    manifests.hold(repository=into, manifests=images)
    make_tag(
        repository=into,
        name=name,
        manifest=promotion.manifest,
        pushed_by=f"promotion:{promotion.uuid}",
    )
    return promotion
