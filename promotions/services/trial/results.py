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
class Trials:
    """Trials of many pushes, the newest push first.

    `is_cut`: there are older ones that were left out. `assumptions` are sentences.
    """

    rows: tuple[Trial, ...]
    is_cut: bool
    assumptions: tuple[str, ...]
