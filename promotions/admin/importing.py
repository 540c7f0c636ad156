"""What was taken over from another registry."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from promotions.models import Import, ImportedObject


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin[Import]):
    """The registries that `manage.py import_msr` reads."""

    list_display = (
        moment("created_at"),
        "source_url",
        linked("started_by"),
        moment("finished_at"),
    )
    list_filter = ("created_at",)
    list_select_related = ("started_by",)
    search_fields = ("=source_url",)
    search_help_text = "The address."
    ordering = ("-created_at", "-id")


@admin.register(ImportedObject)
class ImportedObjectAdmin(ReadOnlyAdmin[ImportedObject]):
    """What became of each object of another registry, with its JSON."""

    list_display = (
        moment("created_at"),
        "kind",
        "name",
        "state",
        "reason",
        linked("source"),
    )
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("source",)
    search_fields = ("=key", "=name")
    search_help_text = "The name, or the id there."
    ordering = ("-created_at", "-id")
