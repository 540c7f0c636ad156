"""The images behind manifests: an index stands for those of its platforms."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef

from repositories.models import Manifest, RepositoryManifest
from repositories.services.image_config import CONFIG_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

Pair = tuple[int, Manifest]
"""The key of a repository, and a manifest that it holds."""


def images_of(pairs: Iterable[Pair]) -> dict[tuple[int, int], list[Manifest]]:
    """Return the images of each manifest, by the keys of repository and manifest.

    That is the manifest itself, or what the repository holds of an index; nothing of
    what is no image, such as signatures. One query.
    """
    wanted = list(pairs)
    below = _below(wanted)
    found = {}
    for repository, manifest in wanted:
        key = (repository, manifest.pk)
        itself = [manifest] if is_image(manifest) else []
        found[key] = below.get(key, itself)
    return found


def is_image(manifest: Manifest) -> bool:
    """Tell whether it is an image or an index, not something attached to one."""
    plain = manifest.config_media_type in {"", *CONFIG_TYPES}
    return plain and not (manifest.artifact_type or manifest.subject_digest)


def _below(pairs: list[Pair]) -> dict[tuple[int, int], list[Manifest]]:
    indexes = [
        (repository, manifest.pk)
        for repository, manifest in pairs
        if not (manifest.config_digest or manifest.config_media_type)
    ]
    found: dict[tuple[int, int], list[Manifest]] = defaultdict(list)
    if not indexes:
        return found
    runnable = Manifest.objects.runnable().filter(pk=OuterRef("manifest"))
    rows = (
        RepositoryManifest.objects.filter(
            Exists(runnable),
            repository__in={repository for repository, _ in indexes},
            manifest__parents__index__in={key for _, key in indexes},
            gone_at__isnull=True,
        )
        .annotate(index_id=F("manifest__parents__index"))
        .select_related("manifest")
        .defer("manifest__raw")
        .order_by("manifest_id")
    )
    for row in rows:
        found[row.repository_id, row.index_id].append(row.manifest)
    return found
