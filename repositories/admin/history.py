"""What happened to tags and in the whole registry, and where tags come from."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins import ReadOnlyAdmin, linked, moment
from repositories.admin.search import SearchByReference
from repositories.models import Provenance, RegistryJob, TagMove


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


@admin.register(RegistryJob)
class RegistryJobAdmin(ReadOnlyAdmin[RegistryJob]):
    """Walks over the registry, and scans of all that is in it."""

    list_display = (
        moment("created_at", "wanted"),
        "action",
        "state",
        linked("requested_by"),
        moment("started_at", "begun"),
        moment("finished_at", "ended"),
        "error",
    )
    list_filter = ("action", "state", "created_at")
    list_select_related = ("requested_by",)
    ordering = ("-created_at", "-id")
