"""What is in the repositories now: tags and manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.access import Action
from accounts.admin_mixins import ReadOnlyAdmin, apply_to_each, linked, moment
from accounts.authentication import actor_of
from repositories.admin.search import SearchByReference
from repositories.models import Manifest, Repository, RepositoryManifest, Tag
from repositories.services.scans import requesting

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.access import Actor


NO_SCANNER = "No scanner reads its repository, or it is no image."


@admin.register(Tag)
class TagAdmin(SearchByReference, ReadOnlyAdmin[Tag]):
    """Tags and what they point to."""

    owners = ("repository",)
    actions = ("scan",)
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

    def has_scan_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides for each tag."""
        return self.is_open_to(request)

    @admin.action(description="Scan selected anew", permissions=["scan"])
    def scan(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        actor = actor_of(request)

        def ask(tag: Tag) -> None:
            asked = requesting.request(
                actor=actor, repository=tag.repository, manifest=tag.manifest
            )
            if not asked:
                raise ValidationError(NO_SCANNER)

        apply_to_each(request, queryset, ask, "Images that are being scanned")


@admin.register(Manifest)
class ManifestAdmin(ReadOnlyAdmin[Manifest]):
    """Manifests, without their bytes; other staff see those that they hold."""

    owners = ("holders__repository",)  # one of them
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

    @override
    def permitted(self, rows: QuerySet[Manifest], actor: Actor) -> QuerySet[Manifest]:
        own = Repository.objects.permitted(actor, Action.ADMIN)
        held = RepositoryManifest.objects.filter(repository__in=own.values("pk"))
        return rows.filter(pk__in=held.values("manifest"))


@admin.register(RepositoryManifest)
class RepositoryManifestAdmin(SearchByReference, ReadOnlyAdmin[RepositoryManifest]):
    """Which repository holds which manifest."""

    owners = ("repository",)
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
