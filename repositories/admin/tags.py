"""What is in the repositories now: tags and manifests."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.admin.search import SearchByReference
from repositories.models import Manifest, RepositoryManifest, Tag


@admin.register(Tag)
class TagAdmin(SearchByReference, ReadOnlyAdmin[Tag]):
    """Tags and what they point to."""

    deferred = ("manifest__raw", "current_move__to_manifest__raw")
    list_display = (
        "name",
        linked("repository"),
        linked("manifest"),
        "source_repository",
        "source_tag",
        moment("updated_at"),
    )
    list_filter = (
        ("promotion_uuid", admin.EmptyFieldListFilter),
        ("missed_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = (
        "repository__namespace",
        "manifest",
        "current_move__repository__namespace",
        "current_move__to_manifest",
    )
    tag_paths = ("name",)
    manifest_paths = ("manifest",)
    ordering = ("-created_at", "-id")


@admin.register(Manifest)
class ManifestAdmin(ReadOnlyAdmin[Manifest]):
    """Manifests of all tenants, without their bytes."""

    deferred = ("raw",)
    list_display = (
        "digest",
        "media_type",
        "artifact_type",
        "size",
        "os",
        "architecture",
        moment("created_at"),
    )
    list_filter = (
        ("subject_digest", admin.EmptyFieldListFilter),
        "created_at",
    )
    search_fields = ("digest__exact", "subject_digest__exact", "config_digest__exact")
    search_help_text = "A whole digest: of the manifest, its subject or its config."
    ordering = ("-created_at", "-id")


@admin.register(RepositoryManifest)
class RepositoryManifestAdmin(SearchByReference, ReadOnlyAdmin[RepositoryManifest]):
    """Which repository holds which manifest."""

    deferred = ("manifest__raw",)
    list_display = (
        "__str__",
        linked("repository"),
        linked("manifest"),
        moment("created_at", "first seen"),
        moment("gone_at"),
    )
    list_filter = (("gone_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("repository__namespace", "manifest")
    manifest_paths = ("manifest",)
    search_help_text = "namespace, namespace/repository, or a digest"
    ordering = ("-created_at", "-id")
