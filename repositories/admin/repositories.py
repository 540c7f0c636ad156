"""Repositories: created, changed and deleted through their services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from typing_extensions import override

from accounts.admin_mixins import (
    ITSELF,
    ServiceAdmin,
    ServiceForm,
    counted,
    linked,
    moment,
)
from repositories.admin.grants import (
    RepositoryGroupGrantInline,
    RepositoryUserGrantInline,
)
from repositories.models import Repository
from repositories.services import repositories

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    from accounts.access import Actor


class RepositoryForm(ServiceForm):
    """A new repository, or other settings of an existing one."""

    @override
    def run(self) -> Model:
        values = dict(self.cleaned_data)
        if self.is_new:
            return repositories.create(actor=self.actor, **values)
        stored = Repository.objects.select_related("namespace").get(pk=self.instance.pk)
        return repositories.update(actor=self.actor, repository=stored, **values)


@admin.register(Repository)
class RepositoryAdmin(ServiceAdmin[Repository]):
    """Repositories; deleted ones can be looked at until their name is free."""

    owners = (ITSELF,)
    form = RepositoryForm
    add_fields = ("namespace", "name", *repositories.EDITABLE)
    fields = (
        "namespace",
        "name",
        *repositories.EDITABLE,
        "lists",
        "pull_count",
        "push_count",
        "created_at",
        "deleted_at",
        "purged_at",
        "uuid",
    )
    editable = repositories.EDITABLE
    deletable = True
    autocomplete_fields = ("namespace",)
    inlines = (RepositoryUserGrantInline, RepositoryGroupGrantInline)
    list_display = (
        "full_name",
        linked("namespace"),
        "visibility",
        "promotions_only",
        "tag_limit",
        counted("tags"),
        "push_count",
        moment("created_at"),
        moment("deleted_at"),
    )
    list_filter = (
        "visibility",
        "promotions_only",
        "scan_on_push",
        ("deleted_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    counts = ("tags",)
    list_select_related = ("namespace",)
    search_fields = ("namespace__name", "name")
    search_help_text = "Parts of the namespace's or the repository's name."
    ordering = ("-created_at", "-id")

    @override
    def get_fields(self, request: HttpRequest, obj: Repository | None = None) -> Any:
        """Leave out the links to lists that are for superusers."""
        names = super().get_fields(request, obj)
        if request.user.is_superuser:
            return names
        return [name for name in names if name != "lists"]

    @admin.display(description="repository")
    def full_name(self, row: Repository) -> str:
        return row.full_name

    @admin.display(description="lists")
    def lists(self, row: Repository) -> str:
        """Link to every list of objects that refer to the repository."""
        relations = [
            (relation.related_model._meta, relation.field)
            for relation in self.opts.related_objects
            if self.admin_site.is_registered(relation.related_model)
        ]
        links = (
            (
                reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
                f"{field.name}__id__exact={row.pk}",
                f"{meta.verbose_name_plural} ({field.verbose_name})",
            )
            for meta, field in relations
        )
        return format_html_join(", ", '<a href="{}?{}">{}</a>', links)

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look for both parts of `namespace/name`."""
        words = search_term.replace("/", " ")
        return super().get_search_results(request, queryset, words)

    @override
    def has_change_permission(
        self, request: HttpRequest, obj: Repository | None = None
    ) -> bool:
        live = obj is None or obj.deleted_at is None
        return live and super().has_change_permission(request, obj)

    @override
    def has_delete_permission(
        self, request: HttpRequest, obj: Repository | None = None
    ) -> bool:
        live = obj is None or obj.deleted_at is None
        return live and super().has_delete_permission(request, obj)

    @override
    def remove(self, actor: Actor, obj: Repository) -> None:
        repositories.delete(actor=actor, repository=obj)
