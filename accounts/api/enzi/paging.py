"""eNZi's pages: `start` and `limit`; the next page's start in the body and a header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.operation import Form

if TYPE_CHECKING:
    from collections.abc import Mapping

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 10
MAX_LIMIT = 1000  # more is cut without a word: MSR's clients ask for any number


class PageQuery(Form):
    """The parameters of every list of the identity API."""

    start = serializers.CharField(default="", allow_blank=True)
    limit = serializers.IntegerField(min_value=1, default=DEFAULT_LIMIT)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a list; `following` is the next page's start, "" at the end."""

    rows: list[M]
    following: str

    def response(self, body: Mapping[str, Any]) -> Response:
        """Answer the body, with the next page's start where clients look for it."""
        headers = {"X-Next-Page-Start": self.following} if self.following else {}
        return Response({**body, "nextPageStart": self.following}, headers=headers)


def page_by(rows: QuerySet[M], field: str, query: Mapping[str, Any]) -> Page[M]:
    """Return the page that begins with the field's value `start`, in its order.

    The field is unique in the list: a name, or the UUID of another row. A start that
    was deleted meanwhile is no error: the page begins with what comes after it.
    """
    start, limit = query["start"], min(query["limit"], MAX_LIMIT)
    rows = rows.order_by(field)
    if start:
        try:
            rows = rows.filter(**{f"{field}__gte": start})
        except ValidationError as error:  # of a UUID
            raise ValidationError({"start": error.messages}) from error
    found = list(rows[: limit + 1])
    following = _value(found[limit], field) if len(found) > limit else ""
    return Page(found[:limit], following)


def _value(row: Model, field: str) -> str:
    value: Any = row
    for part in field.split("__"):
        value = getattr(value, part)
    return str(value)
