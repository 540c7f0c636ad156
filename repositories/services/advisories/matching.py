"""Match what was found in an image against the advisories that are loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from repositories.scanning.ecosystems import package_of
from repositories.scanning.report import FoundVulnerability, Gap, Kind
from repositories.services.advisories.coverage import gap_of, oldest
from repositories.services.advisories.knowledge import Knowledge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from repositories.scanning.advisories import Match
    from repositories.scanning.report import Report


@dataclass(frozen=True, slots=True)
class Known:
    """The vulnerabilities of an image, and what of them is not known.

    `advisories_at` is when the advisories about its packages were loaded, the oldest
    of them; None where there are none.
    """

    findings: tuple[FoundVulnerability, ...]
    gap: Gap | None
    advisories_at: datetime | None


def complete(*, report: Report) -> Report:
    """Return a report that lists components with their vulnerabilities, too."""
    known = match(
        purls=(one.purl for one in report.components),
        components=report.coverage.get(Kind.COMPONENTS),
    )
    layers = {one.purl: one.places[0].layer for one in report.components if one.places}
    found = (replace(one, layer=layers.get(one.purl, "")) for one in known.findings)
    return replace(
        report,
        vulnerabilities=tuple(found),
        coverage={**report.coverage, Kind.VULNERABILITIES: known.gap},
        advisories_at=known.advisories_at,
    )


def match(*, purls: Iterable[str], components: Gap | None = None) -> Known:
    """Return what is known of components; `components` is why there may be more.

    A query for each 500 names of packages, and one.
    """
    packages = {purl: package_of(purl) for purl in purls}
    knowledge = Knowledge()
    knowledge.learn(packages.values())
    found = (
        one
        for purl, package in packages.items()
        for one in _found(purl, knowledge.of(package).found)
    )
    return Known(
        tuple(found),
        gap_of(packages, knowledge, components),
        oldest(packages.values(), knowledge),
    )


def _found(purl: str, matches: Iterable[Match]) -> Iterator[FoundVulnerability]:
    for one in matches:
        yield found_in(purl, one)


def found_in(purl: str, one: Match, layer: str = "") -> FoundVulnerability:
    """Return a vulnerability as one of a component, in the layer it was seen in."""
    return FoundVulnerability(
        id=one.id,
        purl=purl,
        aliases=one.aliases,
        severity=one.severity,
        cvss3=one.cvss3,
        cvss2=one.cvss2,
        vector=one.rating.vector,
        fixed_version=one.fixed_version,
        summary=one.summary,
        link=one.link,
        layer=layer,
    )
