"""Lists that stay fast with a million rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model
from django.utils.functional import cached_property
from typing_extensions import override

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

M = TypeVar("M", bound=Model)

COUNTED_ROWS = 10_000


class BoundedPaginator(Paginator[Any]):
    """Counts and pages no further than COUNTED_ROWS: search and filters lead there."""

    @cached_property
    @override
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:COUNTED_ROWS].count()


class MsrAdmin(admin.ModelAdmin[M]):
    """What all lists have: bounded counting, joins made once, bytes left out.

    `list_select_related` holds for the pages of single objects, too; `deferred` names
    the columns that no page may load.
    """

    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 50
    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    deferred: ClassVar[tuple[str, ...]] = ()

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)
        return rows.defer(*self.deferred)
