"""What a policy chooses about evidence that does not say everything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unscored(StrEnum):
    """What a finding without score and severity does to a rule on severities."""

    WAIT = "wait"
    """The rule waits while the finding could change its answer."""
    IGNORE = "ignore"
    """It counts in *all* alone, as in MSR."""


class Unlicensed(StrEnum):
    """What a component without a known license does to a rule of excluded ones."""

    WAIT = "wait"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Options:
    """How a policy reads evidence; the bounds are the lowest CVSS score of a bucket.

    With `allow_unscannable` a rule holds where a finished scan could not see what the
    rule asks about.
    """

    unscored: Unscored = Unscored.WAIT
    unlicensed: Unlicensed = Unlicensed.WAIT
    allow_unscannable: bool = False
    critical_from: float = 7.0
    major_from: float = 4.0
