"""The vulnerabilities of one package: what its advisories say, each told once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cmp_to_key, reduce
from typing import TYPE_CHECKING

from repositories.scanning.advisories.advisory import Rating
from repositories.scanning.advisories.evaluation import FIRST, judge
from repositories.scanning.advisories.versions import compare, family_of
from repositories.scanning.formats import scores
from repositories.scanning.formats.identifiers import is_cve
from repositories.scanning.severity import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repositories.scanning.advisories.advisory import Names, Range
    from repositories.scanning.ecosystems import Package

MAX_ALIASES = 20
_MODULAR = frozenset({"AlmaLinux", "Red Hat", "Rocky Linux"})
_MODULE = ".module"


@dataclass(frozen=True, slots=True)
class Listing:
    """What one advisory says of one package."""

    vulnerabilities: Sequence[Names]
    ranges: Sequence[Range] = ()
    versions: Sequence[str] = ()
    rating: Rating = field(default_factory=Rating)
    summary: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A vulnerability that a package has; the fields are those of FoundVulnerability.

    `fixed_version` is free of it as all its advisories say, "" where none names one.
    """

    id: str
    aliases: tuple[str, ...] = ()
    rating: Rating = field(default_factory=Rating)
    fixed_version: str = ""
    summary: str = ""
    link: str = ""

    @property
    def severity(self) -> str:
        return self.rating.severity

    @property
    def cvss3(self) -> float | None:
        return self.rating.cvss3

    @property
    def cvss2(self) -> float | None:
        return self.rating.cvss2


@dataclass(frozen=True, slots=True)
class Matches:
    """What is known of one package; `is_unknown` if its version cannot be compared."""

    found: tuple[Match, ...] = ()
    is_unknown: bool = False


def match(package: Package, listings: Iterable[Listing]) -> Matches:
    """Return the vulnerabilities of a package, of all the advisories that list it."""
    family = family_of(package.ecosystem)
    found: list[Match] = []
    is_unknown = False
    for one in listings:
        if not _is_of_its_kind(family, package.version, one.ranges):
            continue
        verdict = judge(family, package.version, one.ranges, one.versions)
        is_unknown |= verdict.is_affected is None
        if verdict.is_affected:
            found += _told(one, verdict.fixed_version)
    merged = [_merged(family, members) for members in fold(found)]
    return Matches(tuple(sorted(merged, key=lambda one: one.id)), is_unknown)


def _is_of_its_kind(family: str, version: str, ranges: Iterable[Range]) -> bool:
    """Say whether versions of an RPM, from a module or not, are comparable with it.

    A distribution has a package in several modules, and apart from them.
    """
    if family not in _MODULAR:
        return True
    named = [at for events in ranges for _, at in events if at != FIRST]
    is_modular = _MODULE in version
    return not named or any((_MODULE in at) is is_modular for at in named)


def _told(one: Listing, fixed_version: str) -> Iterable[Match]:
    for name, *aliases in one.vulnerabilities:
        yield Match(
            name, tuple(aliases), one.rating, fixed_version, one.summary, one.link
        )


def _merged(family: str, members: list[Match]) -> Match:
    """Make one of what several databases say: the worst, and fixed for all of them."""
    if len(members) == 1:
        return members[0]
    names: dict[str, None] = {}
    for one in members:
        names.update(dict.fromkeys((one.id, *one.aliases)))
    ordered = sorted(names, key=lambda name: not is_cve(name))
    cves = sorted(name for name in names if is_cve(name))
    known = cves[0] if cves else members[0].id
    aliases = tuple(name for name in ordered if name != known)
    described = _described(members)
    return Match(
        known,
        aliases[:MAX_ALIASES],
        reduce(_worse, (one.rating for one in members)),
        _fixed(family, members),
        described.summary,
        described.link or next((one.link for one in members if one.link), ""),
    )


def _described(members: list[Match]) -> Match:
    return next((one for one in members if one.summary), members[0])


def _worse(one: Rating, other: Rating) -> Rating:
    """Take the higher of each score; the vector goes with the score shown first."""
    first = max(one, other, key=lambda rating: (rating.cvss3 or 0, rating.cvss2 or 0))
    rest = other if first is one else one
    return replace(
        first,
        severity=scores.worse(one.severity, other.severity),
        cvss2=max(one.cvss2 or 0, other.cvss2 or 0) or None,
        vector=first.vector or rest.vector,
    )


def _fixed(family: str, members: list[Match]) -> str:
    fixed = {one.fixed_version for one in members if one.fixed_version}
    key = cmp_to_key(lambda one, other: compare(family, one, other) or 0)
    return max(sorted(fixed), key=key, default="")
