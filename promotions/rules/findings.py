"""Vulnerabilities as they are counted: once each, whatever their names, at their worst.

One vulnerability has an id of each database that knows it and is found in each
component that has it. Findings whose ids or aliases overlap are one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from promotions.rules.text_operators import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promotions.rules.facts import Vulnerability

HIGHEST_SCORE = 10.0


class Bucket(StrEnum):
    """MSR's buckets, the worst first; `NONE` is a finding of score 0."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NONE = "none"


_RANK = {bucket: rank for rank, bucket in enumerate(Bucket)}
_BUCKETS: Mapping[str, Bucket] = {
    "critical": Bucket.CRITICAL,
    "high": Bucket.CRITICAL,
    "important": Bucket.CRITICAL,
    "major": Bucket.MAJOR,
    "medium": Bucket.MAJOR,
    "moderate": Bucket.MAJOR,
    "minor": Bucket.MINOR,
    "low": Bucket.MINOR,
    "negligible": Bucket.MINOR,
    "none": Bucket.NONE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One vulnerability: all its names, the one it is called by first, and where."""

    names: tuple[str, ...]
    members: tuple[Vulnerability, ...]

    @property
    def is_fixable(self) -> bool:
        """Whether some component has a version without it."""
        return any(member.fixed_version for member in self.members)

    @property
    def cvss3(self) -> float | None:
        """The worst CVSS 3 score; None where no member has one."""
        scores = [_score(member.cvss3) for member in self.members]
        return max((score for score in scores if score is not None), default=None)

    def bucket(self, critical_from: float, major_from: float) -> Bucket | None:
        """Return the worst bucket of the members; None when none can be told."""
        found = [_bucket(one, critical_from, major_from) for one in self.members]
        known = [bucket for bucket in found if bucket is not None]
        return min(known, key=_RANK.__getitem__, default=None)

    @property
    def words(self) -> str:
        """Its name, a component that has it, and the version without it."""
        name = plain(self.names[0]) if self.names[0] else "one without an id"
        return f"{name} {self.where}".rstrip()

    @property
    def where(self) -> str:
        """A component that has it, and the version without it; "" if none is known."""
        member = min(self.members, key=lambda one: not one.fixed_version)
        component = " ".join(filter(None, (member.component, member.version)))
        others = len({(one.component, one.version) for one in self.members}) - 1
        said = f"in {plain(component)}" if component else ""
        if component and others:
            said += f" and {others} more"
        if not member.fixed_version:
            return said
        fix = f"fixed in {plain(member.fixed_version)}"
        return f"{said}, {fix}" if said else fix


def fold(vulnerabilities: Iterable[Vulnerability]) -> tuple[Finding, ...]:
    """Return each vulnerability once, however many names and components it has."""
    found = list(vulnerabilities)
    parents = list(range(len(found)))
    first: dict[str, int] = {}
    for number, one in enumerate(found):
        for name in _keys(one):
            mine, its = _root(parents, number), _root(parents, first.get(name, number))
            parents[max(mine, its)] = min(mine, its)
            first.setdefault(name, number)
    groups: dict[int, list[Vulnerability]] = defaultdict(list)
    for number, one in enumerate(found):
        groups[_root(parents, number)].append(one)
    return tuple(_finding(members) for members in groups.values())


def _finding(members: list[Vulnerability]) -> Finding:
    named = [one.id for one in members if one.id]
    names = dict.fromkeys(
        [*named, *(alias for one in members for alias in one.aliases)]
    )
    ordered = sorted(filter(None, names), key=lambda name: not _is_cve(name))
    return Finding(tuple(ordered) or ("",), tuple(members))


def _is_cve(name: str) -> bool:
    return name.upper().startswith("CVE-")


def _keys(one: Vulnerability) -> list[str]:
    return [name.strip().upper() for name in (one.id, *one.aliases) if name.strip()]


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _bucket(
    one: Vulnerability, critical_from: float, major_from: float
) -> Bucket | None:
    """Go by the score, else by the word; 0 is how some scanners write "no score"."""
    scores = [_score(one.cvss3), _score(one.cvss2)]
    score = next((score for score in scores if score), None)
    if score is None:
        word = _BUCKETS.get(one.severity.strip().lower())
        return word or (Bucket.NONE if 0.0 in scores else None)
    if score >= critical_from:
        return Bucket.CRITICAL
    return Bucket.MAJOR if score >= major_from else Bucket.MINOR


def _score(score: float | None) -> float | None:
    """Return a score that CVSS can give; anything else is none."""
    return score if score is not None and 0 <= score <= HIGHEST_SCORE else None
