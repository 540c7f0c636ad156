"""Layers: which images share them, and which the built-in inventory has read."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.admin.search import SearchByReference
from repositories.models import LayerInventory, ManifestLayer


@admin.register(ManifestLayer)
class ManifestLayerAdmin(SearchByReference, ReadOnlyAdmin[ManifestLayer]):
    """Which images have which layers."""

    deferred = ("manifest__raw",)
    list_display = ("digest", linked("manifest"), "position", "media_type", "size")
    list_select_related = ("manifest",)
    repository_paths = ()
    manifest_paths = ("manifest",)
    search_help_text = "The digest of an image."
    ordering = ("-id",)


@admin.register(LayerInventory)
class LayerInventoryAdmin(ReadOnlyAdmin[LayerInventory]):
    """Layers that were read, each once."""

    list_display = ("digest", "version", moment("created_at"))
    search_fields = ("=digest",)
    search_help_text = "The digest of a layer."
    ordering = ("-created_at", "-id")
