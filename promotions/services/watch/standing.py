"""Tags that stand on a promotion which would not be made today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from promotions.models import Watch

if TYPE_CHECKING:
    from repositories.models import Repository
    from repositories.querysets import TagQuerySet


def failing(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Narrow the tags of a repository to those that fail their policy now."""
    watches = Watch.objects.filter(
        failing_since__isnull=False,
        promotion__target_repository=repository,
        promotion__target_tag=OuterRef("name"),
        promotion__uuid=OuterRef("promotion_uuid"),
    )
    return tags.filter(Exists(watches), promotion_uuid__isnull=False)
