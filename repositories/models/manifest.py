"""Manifests by digest, and which repository holds them."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from repositories.models.repository import Repository
from repositories.querysets import ManifestQuerySet
from repositories.registry import ImageIndex, ImageManifest, parse_manifest


class Manifest(PublicModel):
    """The bytes of an image manifest or index, and what can be read from them.

    Two tenants may hold the same digest: never read a manifest for somebody except
    through a RepositoryManifest whose repository that person may pull.
    """

    digest = models.CharField(max_length=140, unique=True)
    media_type = models.CharField(max_length=120)
    raw = models.BinaryField()
    size = models.PositiveBigIntegerField(
        help_text="Bytes of the manifest and of the blobs it names."
    )
    config_digest = models.CharField(max_length=140, blank=True)
    config_media_type = models.CharField(max_length=120, blank=True)
    artifact_type = models.CharField(max_length=255, blank=True)
    subject_digest = models.CharField(max_length=140, blank=True, db_index=True)
    os = models.CharField(max_length=50, blank=True)
    os_version = models.CharField(max_length=100, blank=True)
    architecture = models.CharField(max_length=50, blank=True)
    variant = models.CharField(max_length=50, blank=True)
    labels: models.JSONField[Any, dict[str, str] | None] = models.JSONField(
        null=True,
        blank=True,
        help_text="Of the image's configuration; null while that was not read.",
    )
    image_author = models.CharField(max_length=200, blank=True)
    image_created_at = models.DateTimeField(null=True)

    objects = ManifestQuerySet.as_manager()

    @override
    def __str__(self) -> str:
        return self.digest

    def parsed(self) -> ImageManifest | ImageIndex:
        """Read the stored bytes again as what they are."""
        return parse_manifest(bytes(self.raw), self.media_type)

    @property
    def platform(self) -> str:
        """`os/architecture[/variant]`; empty for an index and what is no image."""
        parts = (self.os, self.architecture, self.variant)
        return "/".join(part for part in parts if part)


class IndexChild(PublicModel):
    """That an index refers to a manifest, so that from an image its indexes are found.

    Says nothing of who holds the child; that is RepositoryManifest's.
    """

    index = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="children"
    )
    child = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="parents"
    )

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("index", "child"), name="one_row_per_index_child"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.index} → {self.child}"


class RepositoryManifest(PublicModel):
    """That a repository holds (or held) a manifest."""

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="held_manifests"
    )
    manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, related_name="holders"
    )
    gone_at = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "manifest"), name="one_holding_per_manifest"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.repository}@{self.manifest}"
