"""Why the vulnerabilities of an image are not all known, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packageurl import PackageURL

from repositories.scanning.ecosystems import spoken
from repositories.scanning.report import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from repositories.scanning.ecosystems import Package
    from repositories.services.advisories.knowledge import Knowledge

SHOWN = 5
NOTHING = Gap(
    "no package was found that advisories could list",
    "scan the image with a scanner that knows its contents",
    unscannable=True,
)
LOAD = "run manage.py load_advisories with them"
ELSEWHERE = "scan the image with a scanner that knows them"


def gap_of(
    packages: Mapping[str, Package], knowledge: Knowledge, components: Gap | None
) -> Gap | None:
    """Return why the vulnerabilities of packages, by their purls, are not all known.

    `components` is why not all of the image's packages are known. Nothing that the
    same scanner could do would help only where no more advisories would.
    """
    if components is not None:
        return components
    if not packages:
        return NOTHING
    reasons = [*_not_loaded(packages.values(), knowledge)]
    can_be_loaded = bool(reasons)
    reasons += _listed_nowhere(packages)
    reasons += _not_compared(packages.values(), knowledge)
    if not reasons:
        return None
    remedy = LOAD if can_be_loaded else ELSEWHERE
    return Gap("; ".join(reasons), remedy, unscannable=not can_be_loaded)


def oldest(packages: Iterable[Package], knowledge: Knowledge) -> datetime | None:
    """Return how new the advisories about all of the packages are; None without any."""
    ecosystems = {one.ecosystem for one in packages if one.ecosystem}
    return oldest_of(ecosystems, knowledge)


def oldest_of(ecosystems: Iterable[str], knowledge: Knowledge) -> datetime | None:
    """Return when the advisories of the ecosystem that waits longest were loaded."""
    times = (knowledge.covered_at(one) for one in ecosystems if one)
    return min((at for at in times if at is not None), default=None)


def _not_loaded(packages: Iterable[Package], knowledge: Knowledge) -> Iterable[str]:
    ecosystems = {one.ecosystem for one in packages if one.ecosystem}
    missing = [one for one in ecosystems if knowledge.covered_at(one) is None]
    if missing:
        names = sorted(map(spoken, missing), key=str.lower)
        yield f"no advisories for {listed(names)} are loaded"


def _listed_nowhere(packages: Mapping[str, Package]) -> Iterable[str]:
    purls = (purl for purl, package in packages.items() if not package.ecosystem)
    if kinds := sorted({PackageURL.from_string(purl).type for purl in purls}):
        yield f"no advisories list packages of type {listed(kinds)}"


def _not_compared(packages: Iterable[Package], knowledge: Knowledge) -> Iterable[str]:
    unknown = {
        f"{one.name} {one.version}".strip()
        for one in packages
        if knowledge.of(one).is_unknown
    }
    if unknown:
        names = listed(sorted(unknown))
        yield f"advisories cannot be compared with the version of {names}"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them, only the first where there are many."""
    shown = list(names[:SHOWN])
    if more := len(names) - len(shown):
        shown.append(f"{more} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
