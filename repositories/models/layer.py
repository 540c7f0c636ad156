"""Layers: which images share them, and what is in each."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from repositories.models.manifest import Manifest


class ManifestLayer(models.Model):
    """That an image has a layer, at a place counted from 0, the base, upwards."""

    manifest = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="layers"
    )
    position = models.PositiveIntegerField()
    digest = models.CharField(max_length=140, db_index=True)
    media_type = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(help_text="Bytes, compressed.")
    created_by = models.CharField(
        max_length=1000, blank=True, help_text="The instruction that made it, if known."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("manifest", "position"), name="one_layer_per_position"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.digest} of {self.manifest}"


class LayerInventory(PublicModel):
    """What the built-in inventory read in a layer, once for all that share it."""

    digest = models.CharField(max_length=140, unique=True)
    version = models.PositiveIntegerField(
        help_text="Of the reader; what an older one wrote is read again."
    )
    contents = models.BinaryField(help_text="JSON, compressed with zlib.")

    class Meta(PublicModel.Meta):
        verbose_name_plural = "layer inventories"

    @override
    def __str__(self) -> str:
        return self.digest
