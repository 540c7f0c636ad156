"""The audit log, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from typing_extensions import override

from accounts.admin_mixins import ReadOnlyAdmin, moment
from accounts.models import AuditEvent, Horizon

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ObjectTypeFilter(admin.SimpleListFilter):
    """Filter by what was written; the choices are the models, so they cost no query."""

    title = "object type"
    parameter_name = "object_type"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        ours = ("accounts", "repositories", "promotions")
        models = (
            model for app in ours for model in apps.get_app_config(app).get_models()
        )
        return sorted((model._meta.label, model._meta.verbose_name) for model in models)

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(object_type=self.value())


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    """Who did what to what."""

    list_display = (
        moment("created_at", "when"),
        "actor",
        "access_token",
        "action",
        "object_type",
        "object_name",
    )
    list_filter = ("created_at", ObjectTypeFilter)
    search_fields = ("=actor", "=action", "object_name", "=object_uuid")
    search_help_text = "Who, what was done, part of a name, or the UUID of an object."
    ordering = ("-created_at", "-id")


@admin.register(Horizon)
class HorizonAdmin(ReadOnlyAdmin[Horizon]):
    """How far back each history goes; what is older was forgotten."""

    list_display = ("table_name", moment("before", "kept since"))
