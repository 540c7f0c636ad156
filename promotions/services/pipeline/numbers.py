"""What became of promotions lately, by policy and by the ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from accounts.access import Actor

DAYS = 30
MOST = 2000
"""How many combinations of policy, ends and state are looked at."""

WAITING = frozenset({State.WAITING, State.PENDING, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where, and by which policy; None is by hand."""

    policy: int | None
    source: str
    target: str


@dataclass(slots=True)
class Numbers:
    """How many promotions of the last DAYS ended well, badly, or not yet."""

    promoted: int = 0
    waiting: int = 0
    failed: int = 0
    last: dict[State, datetime] = field(default_factory=dict)
    opens_source: bool = False
    opens_target: bool = False

    @property
    def is_failing(self) -> bool:
        """Whether the newest that came to an end is one that failed."""
        failed, promoted = self.last.get(State.FAILED), self.last.get(State.SUCCEEDED)
        return failed is not None and (promoted is None or promoted < failed)

    def add(self, state: State, count: int, last: datetime) -> None:
        """Count some more of a state, of which the newest is `last`."""
        if state == State.SUCCEEDED:
            self.promoted += count
        elif state == State.FAILED:
            self.failed += count
        elif state in WAITING:
            self.waiting += count
        self.last[state] = max(last, self.last.get(state, last))

    def plus(self, others: Iterable[Numbers]) -> Numbers:
        """Return these and the others together."""
        total = Numbers()
        for one in (self, *others):
            total.promoted += one.promoted
            total.waiting += one.waiting
            total.failed += one.failed
            for state, last in one.last.items():
                total.add(state, 0, last)
        return total


def since() -> datetime:
    """Return from when on promotions count."""
    return timezone.now() - timedelta(days=DAYS)


def numbers(reader: Actor, policies: Iterable[int]) -> dict[Way, Numbers]:
    """Return those of the policies with these keys, and of what went by hand.

    Of the latter only what the reader sees an end of; which, the numbers say.
    """
    found: dict[Way, Numbers] = {}
    rows = Promotion.objects.tally(reader, policies, since())
    for row in rows[:MOST]:
        one = found.setdefault(_way(row), Numbers())
        one.add(State(row["state"]), row["count"], row["last"])
        one.opens_source = row["opens_source"]
        one.opens_target = row["opens_target"]
    return found


def _way(row: dict[str, Any]) -> Way:
    source = "source_repository__"
    target = [row["target_namespace__name"], row["target_name"]]
    return Way(
        policy=row["policy"],
        source=f"{row[f'{source}namespace__name']}/{row[f'{source}name']}",
        target="/".join(part for part in target if part),
    )
