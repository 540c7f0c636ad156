"""What a look at one part of the system found: a state in words, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class State(Enum):
    """How it is; the tone is the class of its badge."""

    GOOD = ("good", "fine")
    NOTE = ("outline", "for information")
    WARN = ("warn", "look at it")
    BAD = ("bad", "broken")

    @property
    def tone(self) -> str:
        return self.value[0]

    @property
    def label(self) -> str:
        return self.value[1]

    @property
    def needs_somebody(self) -> bool:
        return self in (State.WARN, State.BAD)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was looked at, how it is, what was seen, and what to do."""

    name: str
    state: State
    found: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some findings under a heading."""

    name: str
    rows: Sequence[Finding]


Look = tuple[str, "Callable[[], list[Finding]]"]


def good_if(
    name: str, found: str, cure: str, *, fine: bool, otherwise: State = State.WARN
) -> Finding:
    """Return a finding that is fine, or else has a cure."""
    return Finding(name, State.GOOD if fine else otherwise, found, "" if fine else cure)
