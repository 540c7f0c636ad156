"""Known vulnerabilities, as the databases that were loaded describe them."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.models import (
    Advisory,
    AdvisoryLoad,
    AdvisoryPackage,
    PackageNews,
)


@admin.register(Advisory)
class AdvisoryAdmin(ReadOnlyAdmin[Advisory]):
    """Advisories, each record of a database once."""

    list_display = (
        "identifier",
        "summary",
        "severity",
        "cvss3_score",
        "source",
        moment("modified_at"),
        moment("withdrawn_at"),
    )
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter),)
    search_fields = ("=identifier",)
    search_help_text = "An id such as GHSA-jfh8-c2jp-5v3q."
    ordering = ("-created_at", "-id")


@admin.register(AdvisoryPackage)
class AdvisoryPackageAdmin(ReadOnlyAdmin[AdvisoryPackage]):
    """Which packages are affected by which advisories."""

    list_display = ("package", "ecosystem", linked("advisory"))
    list_select_related = ("advisory",)
    search_fields = ("=package", "=advisory__identifier")
    search_help_text = "The name of a package, or the id of an advisory."
    ordering = ("-id",)


@admin.register(AdvisoryLoad)
class AdvisoryLoadAdmin(ReadOnlyAdmin[AdvisoryLoad]):
    """How new what is known of each ecosystem is."""

    list_display = (
        "ecosystem",
        "source",
        "records",
        moment("loaded_at"),
        moment("newest_at"),
    )
    search_fields = ("=ecosystem",)
    search_help_text = "An ecosystem such as PyPI or Debian:12."
    ordering = ("ecosystem", "source")


@admin.register(PackageNews)
class PackageNewsAdmin(ReadOnlyAdmin[PackageNews]):
    """When something new became known of packages."""

    list_display = ("package", "ecosystem", moment("changed_at"))
    search_fields = ("=package",)
    search_help_text = "The name of a package."
    ordering = ("-id",)
