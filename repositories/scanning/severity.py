"""How severe vulnerabilities are, and how many an image has, in MSR's buckets.

A vulnerability is counted once, whatever its names and however many components have
it, in the worst of its buckets. Policies count in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CRITICAL_FROM = 7.0
MAJOR_FROM = 4.0
HIGHEST_SCORE = 10.0


class Bucket(StrEnum):
    """MSR's buckets, the worst first; the last two count only among all.

    `NONE` is a vulnerability of score 0, `UNKNOWN` one without score or known word.
    """

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NONE = "none"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANK[self]


_RANK = {bucket: rank for rank, bucket in enumerate(Bucket)}
_BY_WORD: Mapping[str, Bucket] = {
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


class Graded(Protocol):
    """One vulnerability in one component, as whoever found it grades it."""

    @property
    def id(self) -> str: ...

    @property
    def aliases(self) -> Sequence[str]: ...

    @property
    def severity(self) -> str: ...

    @property
    def cvss3(self) -> float | None: ...

    @property
    def cvss2(self) -> float | None: ...


G = TypeVar("G", bound=Graded)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many vulnerabilities; `all` has also those in none of the three buckets."""

    critical: int = 0
    major: int = 0
    minor: int = 0
    all: int = 0


def bucket(word: str, cvss3: float | None, cvss2: float | None) -> Bucket:
    """Go by the score of CVSS 3, then 2, else by the scanner's word.

    A score of 0 is how some scanners write that there is none.
    """
    scores = [_score(cvss3), _score(cvss2)]
    score = next((score for score in scores if score), None)
    if score is None:
        unknown = Bucket.NONE if 0.0 in scores else Bucket.UNKNOWN
        return _BY_WORD.get(word.strip().lower(), unknown)
    if score >= CRITICAL_FROM:
        return Bucket.CRITICAL
    return Bucket.MAJOR if score >= MAJOR_FROM else Bucket.MINOR


def bucket_of(finding: Graded) -> Bucket:
    """Return the bucket of one finding."""
    return bucket(finding.severity, finding.cvss3, finding.cvss2)


def worst(findings: Iterable[Graded]) -> Bucket:
    """Return the worst bucket of several; UNKNOWN of none."""
    found = (bucket_of(one) for one in findings)
    return min(found, key=_RANK.__getitem__, default=Bucket.UNKNOWN)


def counts(findings: Iterable[Graded]) -> Counts:
    """Count each vulnerability once, at its worst."""
    return tally(worst(members) for members in fold(findings))


def tally(buckets: Iterable[Bucket]) -> Counts:
    """Count buckets, of vulnerabilities that are told apart already."""
    found = list(buckets)
    return Counts(
        critical=found.count(Bucket.CRITICAL),
        major=found.count(Bucket.MAJOR),
        minor=found.count(Bucket.MINOR),
        all=len(found),
    )


def fold(findings: Iterable[G]) -> list[list[G]]:
    """Return the findings of each vulnerability: those whose names overlap are one."""
    found = list(findings)
    parents = list(range(len(found)))
    first: dict[str, int] = {}
    for number, one in enumerate(found):
        for name in names_of(one):
            mine, its = _root(parents, number), _root(parents, first.get(name, number))
            parents[max(mine, its)] = min(mine, its)
            first.setdefault(name, number)
    groups: dict[int, list[G]] = defaultdict(list)
    for number, one in enumerate(found):
        groups[_root(parents, number)].append(one)
    return list(groups.values())


def names_of(finding: Graded) -> list[str]:
    """Return id and aliases in upper case, in which names are compared."""
    named = (finding.id, *finding.aliases)
    return [name.strip().upper() for name in named if name.strip()]


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _score(score: float | None) -> float | None:
    """Return a score that CVSS can give; anything else is none."""
    return score if score is not None and 0 <= score <= HIGHEST_SCORE else None
