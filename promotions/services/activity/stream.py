"""A page out of four tables: of each what comes next, and of that the newest.

Every entry has a place in one order, by moment, table and row. A page asks each table
for what lies behind the last entry of the page before, so that nothing is left out or
shown twice, however many entries share a moment.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from accounts.querysets import PAGE_SIZE
from promotions.services.activity.entries import Entry, Kind, Wanted
from promotions.services.activity.words import told

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from promotions.services.activity.place import Place

LARGEST = 2**63  # keys of rows are smaller


@dataclass(frozen=True, slots=True)
class Stream:
    """A page of it, like one of rows."""

    rows: list[Entry]
    following: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class _Behind:
    at: datetime
    kind: Kind
    pk: int

    def of(self, kind: Kind, column: str) -> Q:
        """Return the condition "comes after it", for the rows of a kind.

        The `column` says when they happened.
        """
        earlier = Q(**{f"{column}__lt": self.at})
        if kind.rank < self.kind.rank:
            return earlier
        same = Q(**{column: self.at})
        if kind is self.kind:
            same &= Q(pk__lt=self.pk)
        return earlier | same


def stream(
    place: Place, wanted: Wanted, key: str = "", size: int = PAGE_SIZE
) -> Stream:
    """Return the page behind a key; a key that is none is the start.

    One query for each kind.
    """
    behind = _read(key)
    kinds = [wanted.kind] if wanted.kind else list(Kind)
    found = [_next(place, kind, wanted, behind, size + 1) for kind in kinds]
    rows = list(heapq.merge(*found, key=lambda entry: entry.place))[: size + 1]
    following = rows[size - 1].key if len(rows) > size else ""
    return Stream(rows[:size], following, is_first=behind is None)


def _next(
    place: Place, kind: Kind, wanted: Wanted, behind: _Behind | None, count: int
) -> list[Entry]:
    rows, at = _of_time(place, kind, wanted), place.at(kind)
    if behind is not None:
        rows = rows.filter(behind.of(kind, at))
    newest = rows.order_by(f"-{at}", "-pk")[:count]
    return [told(place, kind, row) for row in newest]


def count(place: Place, wanted: Wanted) -> int:
    """Return how many entries the whole stream has; one query for each kind."""
    kinds = [wanted.kind] if wanted.kind else list(Kind)
    return sum(_of_time(place, kind, wanted).count() for kind in kinds)


def _of_time(place: Place, kind: Kind, wanted: Wanted) -> QuerySet[Any]:
    rows, at = place.rows(kind, wanted.person), place.at(kind)
    if wanted.since:
        rows = rows.filter(**{f"{at}__gte": wanted.since})
    if wanted.until:
        rows = rows.filter(**{f"{at}__lt": wanted.until})
    return rows


def is_key(key: str) -> bool:
    """Tell whether a page may start there; `stream` takes any other for the start."""
    return _read(key) is not None


def _read(key: str) -> _Behind | None:
    moment, _, rest = key.partition("~")
    kind, _, pk = rest.partition("~")
    try:
        at, number = parse_datetime(moment), int(pk)
    except ValueError:
        return None
    if at is None or kind not in set(Kind) or not 0 <= number < LARGEST:
        return None
    try:
        return _Behind(at.astimezone(UTC), Kind(kind), number)
    except OverflowError:
        return None
