"""Who scans."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.models import Scanner


@admin.register(Scanner)
class ScannerAdmin(ReadOnlyAdmin[Scanner]):
    """Scanners in the order in which they count."""

    list_display = (
        "name",
        "kind",
        linked("namespace"),
        "is_enabled",
        "position",
        moment("checked_at"),
    )
    list_select_related = ("namespace",)
    search_fields = ("=name",)
    search_help_text = "A scanner's name."
    ordering = ("position", "id")
