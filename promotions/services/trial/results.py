"""What a trial tells: for each image, what would become of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import TextChoices

from promotions.rules import Outcome, OutcomeResult, Result

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Effect(TextChoices):
    """What the policy would do with one image."""

    PROMOTED = "promoted", "is promoted to a tag that is free"
    OVERWRITES = "overwrites", "is promoted, and a tag moves"
    SKIPPED = "skipped", "meets the criteria, and is not promoted all the same"
    WAITS = "waits", "waits"
    STAYS = "stays", "does not meet the criteria"

    @property
    def heading(self) -> str:
        """What stands above those that end so."""
        return _SHOWN[self][0]

    @property
    def icon(self) -> str:
        """The name of the picture beside it."""
        return _SHOWN[self][1]

    @property
    def mark(self) -> str:
        """How it is coloured, as the outcome of a criterion is."""
        return _SHOWN[self][2]


_SHOWN = {
    Effect.PROMOTED: ("Promoted", "check", "holds"),
    Effect.OVERWRITES: ("Promoted, moving a tag", "check", "holds"),
    Effect.SKIPPED: ("Matched, and skipped", "skip", "fails"),
    Effect.WAITS: ("Waiting", "clock", "unknown"),
    Effect.STAYS: ("Not matched", "cross", "fails"),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of one push.

    `uuid` is that of the move of the tag. `decided_at` is when the answer given here
    fell: later than the push where it waited. `code` and `sentence` say why a promotion
    is skipped or waits, or what is to be known about one that is made; `overwrites` is
    the digest that the target's tag has before. `reevaluate_at` is when what waits is
    decided again by time alone.
    """

    uuid: UUID
    repository: str
    tag: str
    digest: str
    moved_at: datetime
    decided_at: datetime
    result: Result
    outcomes: tuple[Outcome, ...]
    effect: Effect
    target: str
    target_tag: str = ""
    overwrites: str = ""
    code: str = ""
    sentence: str = ""
    reevaluate_at: datetime | None = None

    @property
    def against(self) -> tuple[str, ...]:
        """The sentences of the rules that fail, or of those that are not known yet."""
        wanted = (
            OutcomeResult.UNKNOWN
            if self.result is Result.WAITING
            else OutcomeResult.FAILS
        )
        return tuple(one.sentence for one in self.outcomes if one.result is wanted)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not promoted, or what is to be known about it, in sentences."""
        return (self.sentence,) if self.sentence else self.against


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """Trials that end alike."""

    effect: Effect
    rows: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """Trials of many pushes, the newest push first.

    `is_cut`: there are older ones that were left out. `assumptions` are sentences.
    """

    rows: tuple[Trial, ...]
    is_cut: bool
    assumptions: tuple[str, ...]

    @property
    def promoted(self) -> int:
        """How many of them would be promoted."""
        made = {Effect.PROMOTED, Effect.OVERWRITES}
        return sum(row.effect in made for row in self.rows)

    @property
    def groups(self) -> list[TrialGroup]:
        """The trials by how they end, what is promoted first."""
        found = [
            TrialGroup(one, tuple(row for row in self.rows if row.effect is one))
            for one in Effect
        ]
        return [group for group in found if group.rows]
