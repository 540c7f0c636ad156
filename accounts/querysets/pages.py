"""Pages of long lists: by key, so that each costs the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a long list; `following` is the next page's key, "" at the end."""

    rows: list[M]
    following: str
    is_first: bool


def page_of(
    rows: models.QuerySet[M],
    key: str,
    *,
    order: str = "-created_at",
    size: int = PAGE_SIZE,
) -> Page[M]:
    """Return the page that starts behind `key`, in the order of a field and the key.

    The field may be an annotation, but never null. It costs the same on every page,
    and rows that are added do not shift it. A key that cannot be read is the first one.
    """
    field = order.removeprefix("-")
    rows = rows.order_by(order, order.replace(field, "id"))
    behind = _behind(rows, order, key)
    if behind is not None:
        rows = rows.filter(behind)
    found = list(rows[: size + 1])
    following = _key_of(found[size - 1], field) if len(found) > size else ""
    return Page(found[:size], following, is_first=behind is None)


def _key_of(row: models.Model, field: str) -> str:
    value = getattr(row, field)
    return f"{value.isoformat() if hasattr(value, 'isoformat') else value}~{row.pk}"


def _field(rows: models.QuerySet[Any], name: str) -> models.Field[Any, Any]:
    annotation: Any = rows.query.annotations.get(name)
    if annotation is None:
        return cast("models.Field[Any, Any]", rows.model._meta.get_field(name))
    return cast("models.Field[Any, Any]", annotation.output_field)


def _behind(rows: models.QuerySet[Any], order: str, key: str) -> Q | None:
    """Return the condition "comes after the row of that key"; None for the start."""
    field, side = order.removeprefix("-"), "lt" if order[0] == "-" else "gt"
    text, _, number = key.replace("\0", "").rpartition("~")
    try:
        value, pk = _field(rows, field).to_python(text), int(number)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
    except (OverflowError, ValidationError, ValueError):
        return None
    return Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": pk})
