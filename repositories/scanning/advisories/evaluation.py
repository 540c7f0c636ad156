"""Whether a version is affected, as https://ossf.github.io/osv-schema says: Evaluation.

A version that cannot be compared is neither affected nor free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key, lru_cache
from typing import TYPE_CHECKING

from repositories.scanning.advisories.versions import compare, is_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repositories.scanning.advisories.advisory import Event, Range

FIRST, ENDLESS = "0", "*"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version is affected, None where nothing can tell; and what is not.

    `fixed_version` is the first one above it that a range it lies in names as fixed.
    """

    is_affected: bool | None
    fixed_version: str = ""


FREE = Verdict(is_affected=False)
UNKNOWN = Verdict(is_affected=None)


def judge(
    family: str, version: str, ranges: Sequence[Range], versions: Sequence[str]
) -> Verdict:
    """Decide about a version: a listed one is affected, and one within a range."""
    if not version:
        return UNKNOWN
    verdicts = [within(family, version, one) for one in ranges]
    listed = version in versions
    if not (listed or ranges):
        listed = any(compare(family, version, one) == 0 for one in versions)
    if listed or any(one.is_affected for one in verdicts):
        return Verdict(is_affected=True, fixed_version=_first(family, verdicts))
    return UNKNOWN if UNKNOWN in verdicts else FREE


def within(family: str, version: str, events: Range) -> Verdict:
    """Decide whether a version lies in one range."""
    timeline = _sorted(family, events)
    if timeline is None:
        return UNKNOWN
    is_affected = False
    for kind, at in timeline:
        order = _order(family, version, at)
        if order is None:
            return UNKNOWN
        is_affected = _after(kind, order, before=is_affected)
    if not (is_affected and _is_before_limits(family, version, timeline)):
        return FREE
    later = (at for kind, at in timeline if kind == "fixed")
    fixed = (at for at in later if _order(family, version, at) == -1)
    return Verdict(is_affected=True, fixed_version=next(fixed, ""))


def _after(kind: str, order: int, *, before: bool) -> bool:
    """Return whether it is affected, when an event of its past or future is told."""
    if kind == "introduced" and order >= 0:
        return True
    if (kind == "fixed" and order >= 0) or (kind == "last_affected" and order > 0):
        return False
    return before


def _order(family: str, version: str, at: str) -> int | None:
    if at in (FIRST, ENDLESS):
        return 1 if at == FIRST else -1
    return compare(family, version, at)


def _is_before_limits(family: str, version: str, events: Range) -> bool:
    limits = [at for kind, at in events if kind == "limit"]
    return not limits or any(_order(family, version, at) == -1 for at in limits)


@lru_cache(maxsize=2**15)
def _sorted(family: str, events: Range) -> Range | None:
    """Return the events oldest first; None where one of them is no version."""
    comparable = [at for _, at in events if at not in (FIRST, ENDLESS)]
    if not all(is_version(family, at) for at in comparable):
        return None

    def order(one: Event, other: Event) -> int:
        first, second = _special(one), _special(other)
        if first or second:
            return first - second
        return compare(family, one[1], other[1]) or _is_end(one) - _is_end(other)

    return tuple(sorted(events, key=cmp_to_key(order)))


def _is_end(event: Event) -> bool:
    """Say whether it acts after its version: what is introduced there comes first."""
    return event[0] == "last_affected"


def _special(event: Event) -> int:
    """-1 before, and 1 after, all versions; 0 for a version."""
    return {FIRST: -1, ENDLESS: 1}.get(event[1], 0)


def _first(family: str, verdicts: Iterable[Verdict]) -> str:
    """Return the oldest of the versions that are free."""
    fixed = [one.fixed_version for one in verdicts if one.fixed_version]
    key = cmp_to_key(lambda one, other: compare(family, one, other) or 0)
    return min(fixed, key=key, default="")
