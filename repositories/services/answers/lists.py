"""Parts of what was found in an image: filtered, and page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from repositories.models import ScanComponent
from repositories.scanning import license_terms
from repositories.scanning.report import Kind
from repositories.services.answers.contents import places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from repositories.scanning.severity import Bucket
    from repositories.services.answers.contents import Contents, Row
    from repositories.services.answers.found import Known

PAGE_SIZE = 25
NO_LICENSE = "none"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some rows of a list that is in memory; it is shown like accounts' Page."""

    rows: list[T]
    following: str
    is_first: bool
    count: int


def part_of(
    rows: Sequence[T], key: str, key_of: Callable[[T], str], size: int = PAGE_SIZE
) -> Part[T]:
    """Return the rows that follow the one of that key; all keys differ.

    A key that is not there (any more) is the first page.
    """
    at = next((at for at, row in enumerate(rows) if key and key_of(row) == key), -1)
    page = list(rows[at + 1 : at + 1 + size])
    more = len(rows) > at + 1 + size
    return Part(page, key_of(page[-1]) if more else "", at < 0, len(rows))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of an image somebody wants to see; "" and False do not narrow."""

    text: str = ""
    severity: str = ""
    license: str = ""
    layer: str = ""
    fixable: bool = False
    by_name: bool = False

    @property
    def is_set(self) -> bool:
        return bool(
            self.text or self.severity or self.license or self.layer or self.fixable
        )

    def components(self, contents: Contents) -> list[Row]:
        """Return the components that fit all of it, the worst first or by name."""
        rows = [row for row in contents.rows if self._fits_row(row)]
        if self.license:
            licensed = licensed_under(contents, self.license)
            rows = [row for row in rows if row.pk in licensed]
        if self.layer:
            there = by_layer(contents).get(self.layer, set())
            rows = [row for row in rows if row.pk in there]
        if self.by_name:
            rows.sort(key=lambda row: (row.name.casefold(), row.version, row.pk))
        return rows

    def known(self, contents: Contents) -> list[Known]:
        """Return the vulnerabilities that fit, the worst first or by name."""
        known = [one for one in contents.known if self._fits_known(one)]
        return sorted(known, key=lambda one: one.name) if self.by_name else known

    def _fits_row(self, row: Row) -> bool:
        text = self.text.casefold()
        named = (row.name, row.version, row.purl, *(one.name for one in row.known))
        return (
            (not text or any(text in name.casefold() for name in named))
            and (not self.fixable or row.is_fixable)
            and (not self.severity or self.severity in _buckets(row))
        )

    def _fits_known(self, known: Known) -> bool:
        text = self.text.casefold()
        named = (*known.names, *(one.component for one in known.all))
        return (
            (not text or any(text in name.casefold() for name in named))
            and (not self.fixable or known.is_fixable)
            and (not self.severity or self.severity == known.bucket)
        )


def _buckets(row: Row) -> set[Bucket]:
    return {known.bucket for known in row.known if not known.is_hidden}


def licensed_under(contents: Contents, term: str) -> set[int]:
    """Return the keys of components with a license of that name, also inside others.

    `none` means those in which the scan found no license; two queries.
    """
    scan = contents.scan_for(Kind.LICENSES)
    rows = ScanComponent.objects.filter(scan=scan) if scan else None
    if rows is None:
        return set()
    if term.strip().casefold() == NO_LICENSE:
        return set(rows.filter(licenses=None).values_list("component", flat=True))
    pairs = rows.values_list("component", "licenses__name").distinct()
    text = term.casefold().strip()
    return {
        key
        for key, name in pairs
        if name and (license_terms.names(name, term) or text in name.casefold())
    }


def by_layer(contents: Contents) -> dict[str, set[int]]:
    """Return the keys of the components seen in each layer; one query."""
    scan = contents.scan_for(Kind.COMPONENTS)
    found: dict[str, set[int]] = {}
    if scan is None:
        return found
    rows = ScanComponent.objects.filter(scan=scan)
    for sighting in rows.only("component", "layer_digest", "path", "more_places"):
        for place in places_of(sighting):
            found.setdefault(place.layer, set()).add(sighting.component_id)
    return found
