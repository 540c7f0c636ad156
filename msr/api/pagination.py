"""MSR's pages: `pageStart`, `pageSize`, `count`; the next page's start in a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from typing_extensions import override

from accounts.api import Form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from rest_framework.request import Request
    from rest_framework.views import APIView

    from accounts.models import PublicModel

DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 1000
UNKNOWN_START = "No record of this list has this id; start again without it."

M = TypeVar("M", bound="PublicModel")


class PageQuery(Form):
    """The parameters of every paged list."""

    page_start = serializers.UUIDField(required=False)
    page_size = serializers.IntegerField(min_value=1, default=DEFAULT_PAGE_SIZE)
    count = serializers.BooleanField(default=False)


class MsrPagination(BasePagination):
    """Key-set pages in the order of creation: the start is a record's UUID.

    Larger sizes than MAX_PAGE_SIZE are cut without a word: MSR's clients ask for them.
    """

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    @override
    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        query = PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        if asked["count"]:
            self.headers["X-Resource-Count"] = str(_count(queryset))
        size = min(asked["page_size"], MAX_PAGE_SIZE)
        find = _found if isinstance(queryset, QuerySet) else _computed
        rows = list(find(queryset, asked.get("page_start"))[: size + 1])
        if len(rows) > size:
            self.headers["X-Next-Page-Start"] = str(rows[size].uuid)
        return rows[:size]

    @override
    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers=self.headers)


def _count(rows: QuerySet[M] | Sequence[Any]) -> int:
    return rows.count() if isinstance(rows, QuerySet) else len(rows)


def _computed(rows: Sequence[Any], start: UUID | None) -> Sequence[Any]:
    """Return rows that stand in no table, in their own order."""
    if start is None:
        return rows
    at = next((at for at, row in enumerate(rows) if row.uuid == start), None)
    if at is None:
        raise ValidationError({"page_start": UNKNOWN_START})
    return rows[at:]


def _found(rows: QuerySet[M], start: UUID | None) -> QuerySet[M]:
    """Return the rows in order, from that of UUID `start`; None means the first."""
    rows = rows.order_by("created_at", "id")
    if start is None:
        return rows
    first = rows.filter(uuid=start).values_list("created_at", "id").first()
    if first is None:
        raise ValidationError({"page_start": UNKNOWN_START})
    created_at, key = first
    before = Q(created_at=created_at, id__lt=key)
    return rows.filter(~before, created_at__gte=created_at)
