"""The answers to rules, in values and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promotions.rules.rule import Criterion


class Result(StrEnum):
    """The answer of all rules together."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    WAITING = "waiting"
    """Nothing speaks against the image, but evidence is missing."""


class OutcomeResult(StrEnum):
    """The answer of one rule."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    """The evidence the rule needs is missing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule was answered: `seen` is the value found, `sentence` for people.

    `rule` is None for what every policy asks: that the tag is a container image.
    `unknown_until` is when a rule that depends on time alone can change, `holds_until`
    when one that holds stops by time alone; else None. `platform` is the one that
    decided, "" where that does not matter. `source` says whose evidence decided,
    `remedy` what to do about missing evidence, `parts` are a group's alternatives.
    """

    rule: Criterion | None
    result: OutcomeResult
    seen: str
    sentence: str
    unknown_until: datetime | None = None
    holds_until: datetime | None = None
    platform: str = ""
    source: str = ""
    remedy: str = ""
    parts: tuple[Outcome, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the outcome as stored with a decision, without what is empty."""
        more = {
            "platform": self.platform,
            "source": self.source,
            "remedy": self.remedy,
            "parts": [part.to_json() for part in self.parts],
        }
        return {
            "rule": self.rule and self.rule.to_json(),
            "result": self.result.value,
            "seen": self.seen,
            "sentence": self.sentence,
            **{key: value for key, value in more.items() if value},
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of all rules, in their order, and when to ask again.

    `reevaluate_at` is when a verdict that waits can change by time alone, `expires_at`
    when one that matched stops holding by time alone; None means never.
    `groups` are the texts captured by the `matches` rules on the tag, numbered
    through the rules in their order, empty where a group took no part.
    """

    result: Result
    outcomes: tuple[Outcome, ...]
    reevaluate_at: datetime | None = None
    groups: tuple[str, ...] = ()
    expires_at: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """Return the verdict as stored with a decision; times are RFC 3339 in UTC."""
        return {
            "result": self.result.value,
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "reevaluate_at": _stored(self.reevaluate_at),
            "expires_at": _stored(self.expires_at),
            "groups": list(self.groups),
        }


def combine(results: Iterable[OutcomeResult]) -> Result:
    """AND of three values: any failure decides, else anything unknown waits."""
    found = set(results)
    if OutcomeResult.FAILS in found:
        return Result.NOT_MATCHED
    return Result.WAITING if OutcomeResult.UNKNOWN in found else Result.MATCHED


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the times that are known."""
    return min((time for time in times if time is not None), default=None)


def _stored(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()
