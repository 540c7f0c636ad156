"""One thing that happened, and which of them are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import timedelta

END = datetime.max.replace(tzinfo=UTC)  # of all times


class Kind(StrEnum):
    """Where it is written down; of one moment, the first kind comes first."""

    TAGS = "tags"
    PROMOTIONS = "promotions"
    SCANS = "scans"
    CHANGES = "changes"

    @property
    def rank(self) -> int:
        return list(Kind).index(self)

    @property
    def at(self) -> str:
        """The column that says when."""
        return "finished_at" if self is Kind.SCANS else "created_at"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; what is empty asks for nothing.

    `person` is the whole name of an account; `since` is the first moment that counts,
    `until` the first that does not any more.
    """

    kind: Kind | None = None
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of one of the tables; `who` is "" for nobody, or where it is not told."""

    kind: Kind
    row: Any
    at: datetime
    who: str = ""
    what: str = ""

    @property
    def key(self) -> str:
        """Where a page ends: moment, table and row, which no two entries share."""
        return f"{self.at.isoformat()}~{self.kind}~{self.row.pk}"

    @property
    def place(self) -> tuple[timedelta, int, int]:
        """Return what the stream is ordered by, the newest first."""
        return (END - self.at, self.kind.rank, -self.row.pk)
