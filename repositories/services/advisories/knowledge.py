"""What the loaded advisories say of packages, asked for many at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.utils import timezone

from repositories.models import AdvisoryLoad, AdvisoryPackage
from repositories.scanning.advisories import Listing, Matches, Rating, match
from repositories.scanning.ecosystems import with_family
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.scanning.advisories.advisory import Range
    from repositories.scanning.ecosystems import Package

NAMES = 500  # a query
MOST = 100_000  # packages that are kept in mind

Listings = dict[tuple[str, str], list[Listing]]


class Knowledge:
    """What is known of packages, each looked up once.

    `at` lies before everything that was read: a later change may not be in it.
    """

    def __init__(self) -> None:
        self.at = timezone.now()
        self._times = AdvisoryLoad.objects.times()
        self._changes = AdvisoryLoad.objects.changes()
        self._known: dict[Package, Matches] = {}

    def covered_at(self, ecosystem: str) -> datetime | None:
        """Return when advisories of an ecosystem were loaded; None if none are."""
        found = (self._times.get(name) for name in with_family(ecosystem))
        return max((at for at in found if at is not None), default=None)

    def is_newly_covered(self, ecosystem: str, since: datetime) -> bool:
        """Say whether its first advisories came, or its last went, since then."""
        found = (self._changes.get(name) for name in with_family(ecosystem))
        return any(at is not None and at > since for at in found)

    def learn(self, packages: Iterable[Package]) -> None:
        """Look up packages: a query for each 500 names that are not known yet."""
        if len(self._known) > MOST:
            self._known.clear()
        new = {one for one in packages if one.ecosystem and one not in self._known}
        by_name: dict[str, list[Package]] = defaultdict(list)
        for one in new:
            by_name[one.name].append(one)
        for names in batched(sorted(by_name), NAMES):
            some = [one for name in names for one in by_name[name]]
            listings = _listings(some)
            for one in some:
                self._known[one] = match(one, _of(one, listings))

    def of(self, package: Package) -> Matches:
        """Return what is known of a package that was looked up; nothing of others."""
        return self._known.get(package, Matches())


def _of(package: Package, listings: Listings) -> list[Listing]:
    return [
        one
        for ecosystem in with_family(package.ecosystem)
        for one in listings.get((ecosystem, package.name), ())
    ]


def _listings(packages: list[Package]) -> Listings:
    ecosystems = {name for one in packages for name in with_family(one.ecosystem)}
    rows = AdvisoryPackage.objects.of(ecosystems, {one.name for one in packages})
    graded = ("severity", "cvss3_score", "cvss2_score", "cvss_vector")
    described = ("vulnerabilities", "summary", "link", *graded)
    found: Listings = defaultdict(list)
    for ecosystem, package, ranges, versions, rating, *more in rows.values_list(
        *("ecosystem", "package", "ranges", "versions", "rating"),
        *(f"advisory__{name}" for name in described),
    ):
        names, summary, link, *record = more
        found[ecosystem, package].append(
            Listing(
                names,
                tuple(map(_range, ranges)),
                versions,
                Rating(*(rating or record)),
                summary,
                link,
            )
        )
    return found


def _range(events: list[list[str]]) -> Range:
    return tuple((kind, version) for kind, version in events)
