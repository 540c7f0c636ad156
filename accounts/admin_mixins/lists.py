"""Lists that stay fast with a million rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, DateTimeField, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.text import capfirst
from typing_extensions import override

from accounts.admin_mixins.columns import LINKS, Column, column
from accounts.admin_mixins.permitted import PermittedObjectsAdmin

if TYPE_CHECKING:
    from django.db.models import ManyToOneRel, QuerySet
    from django.http import HttpRequest, HttpResponse

M = TypeVar("M", bound=Model)

COUNTED_ROWS = 10_000


class BoundedPaginator(Paginator[Any]):
    """Counts and pages no further than COUNTED_ROWS: search and filters lead there."""

    @cached_property
    @override
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:COUNTED_ROWS].count()


TIME_INPUT = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class TimeField(forms.DateTimeField):
    """A time in one field that has a label, and that browsers know how to fill in."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["help_text"] = kwargs.get("help_text") or "In UTC."
        super().__init__(**kwargs)


class MsrAdmin(PermittedObjectsAdmin[M]):
    """What all lists have: bounded counting, joins made once, bytes left out.

    `list_select_related` holds for the pages of single objects, too; `deferred` names
    the columns that no page may load, and no address may ask about. `counts` are
    the relations whose rows a column counts (`counted`).
    """

    formfield_overrides = {
        DateTimeField: {"form_class": TimeField, "widget": TIME_INPUT},
    }
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 50
    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    deferred: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(
            request, {"title": title, **(extra_context or {})}
        )

    @override
    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Put the link to a row on its first column that is no link by itself."""
        plain = [name for name in list_display if name not in LINKS]
        return plain[:1] or None

    @override
    def _secret_columns(self) -> set[str]:
        return super()._secret_columns() | {
            name for name in self.deferred if "__" not in name
        }

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)
        counts = {f"{name}_count": _count(self.model, name) for name in self.counts}
        counted: QuerySet[M] = rows.annotate(**counts)
        return counted.defer(*self.deferred)


def counted(relation: str, title: str = "") -> Column:
    """Return a column that says how many rows refer to this by `counts`."""

    def show(row: Model) -> str:
        return str(getattr(row, f"{relation}_count"))

    return column(show, f"{relation}_count", title or relation)


def _count(model: type[Model], relation: str) -> Coalesce:
    """Count by a subquery: joins of several relations would multiply their rows."""
    found = cast("ManyToOneRel", model._meta.get_field(relation))
    name = found.field.name
    rows = found.related_model._default_manager.filter(**{name: OuterRef("pk")})
    counted = rows.order_by().values(name).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
