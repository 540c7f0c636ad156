"""What happened to tags, and where promoted ones come from."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.admin.search import SearchByReference
from repositories.models import Provenance, TagMove


@admin.register(TagMove)
class TagMoveAdmin(SearchByReference, ReadOnlyAdmin[TagMove]):
    """Every move of every tag."""

    owners = ("repository",)
    deferred = ("from_manifest__raw", "to_manifest__raw")
    list_display = (
        moment("created_at", "recorded"),
        linked("repository"),
        "tag",
        linked("from_manifest", "from"),
        linked("to_manifest", "to"),
        "moved_by",
        linked("originated_by"),
    )
    list_filter = (
        "created_at",
        "is_baseline",
        ("promotion_uuid", admin.EmptyFieldListFilter),
    )
    list_select_related = (
        "repository__namespace",
        "from_manifest",
        "to_manifest",
        "originated_by",
    )
    tag_paths = ("tag",)
    manifest_paths = ("from_manifest", "to_manifest")
    ordering = ("-created_at", "-id")


@admin.register(Provenance)
class ProvenanceAdmin(ReadOnlyAdmin[Provenance]):
    """Where the tags come from that promotions write."""

    list_display = (
        moment("created_at"),
        "source_repository",
        "source_tag",
        "promotion_uuid",
        "policy_uuid",
        linked("originated_by"),
    )
    list_filter = ("created_at",)
    list_select_related = ("originated_by",)
    search_fields = ("source_repository__exact", "=promotion_uuid", "=policy_uuid")
    search_help_text = "The source, namespace/repository, or the UUID of a promotion."
    ordering = ("-created_at", "-id")
