"""Pages over several lists that stand one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.querysets import PAGE_SIZE, page_of
from repositories.services.finding.kinds import Kind, phases

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.access import Actor
    from repositories.services.finding.term import Term

COUNTED = 50  # what is more is not counted
FIRST = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A page of one kind; `following` is the key of the next, "" at the end."""

    kind: Kind
    rows: list[Any]
    following: str = ""
    is_first: bool = True

    @property
    def count(self) -> str:
        """How many there are, or that there are more than were counted."""
        return f"{len(self.rows)}{'+' if self.following else ''}"

    @property
    def first(self) -> list[Any]:
        return self.rows[:FIRST]

    @property
    def has_more(self) -> bool:
        return len(self.rows) > FIRST


def find(
    actor: Actor, kind: Kind, term: Term, key: str = "", size: int = PAGE_SIZE
) -> Found:
    """Return a page of what the actor may pull; a key that is none is the start."""
    lists = phases(kind, actor, term) if term.text else []
    rows, following = page_in_phases(lists, key, order=kind.order, size=size)
    return Found(kind, rows, following, is_first=not key)


def page_in_phases(
    lists: list[QuerySet[Any]], key: str, *, order: str, size: int
) -> tuple[list[Any], str]:
    """Return rows behind the key, list after list, and the key to go on from."""
    number, _, inside = key.partition("!")
    start = int(number) if number in map(str, range(len(lists))) else 0
    rows: list[Any] = []
    for place in range(start, len(lists)):
        if len(rows) == size:
            return rows, f"{place}!" if lists[place].exists() else ""
        page = page_of(lists[place], inside, order=order, size=size - len(rows))
        rows += page.rows
        if page.following:
            return rows, f"{place}!{page.following}"
        inside = ""
    return rows, ""
