"""All that is known of one image in a repository, and pages of its components."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from repositories.models import ScanComponent
from repositories.scanning import severity
from repositories.scanning.report import Kind
from repositories.scanning.severity import Bucket, Counts
from repositories.services.answers.found import (
    Found,
    Hidden,
    Known,
    applying,
    findings_of,
    in_force,
    known_in,
    subtract,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Manifest, Repository, Scan
    from repositories.services.answers.summary import Image


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a component was seen; either may be ""."""

    layer: str
    path: str


@dataclass(frozen=True)
class Row:
    """A component of an image, as lists sort it: what is worst in it first."""

    pk: int
    name: str
    version: str
    purl: str
    counted: list[Found] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)

    @cached_property
    def known(self) -> list[Known]:
        """Return its vulnerabilities, the worst first."""
        return known_in(self.counted, self.hidden)

    @cached_property
    def bucket(self) -> Bucket | None:
        """The worst; None where nothing counts."""
        return severity.worst(self.counted) if self.counted else None

    @property
    def counts(self) -> Counts:
        return severity.counts(self.counted)

    @property
    def is_fixable(self) -> bool:
        return any(one.fixed_version for one in self.counted)

    @cached_property
    def order(self) -> tuple[int, float, bool, str, str, int]:
        rank = len(Bucket) if self.bucket is None else self.bucket.rank
        worst = max((one.score or 0.0 for one in self.counted), default=0.0)
        return rank, -worst, not self.hidden, self.name, self.version, self.pk


@dataclass(frozen=True, slots=True)
class Detail:
    """What is read for the components of one page only."""

    licenses: list[str]
    places: list[Placing]


@dataclass(frozen=True)
class Contents:
    """One image, the scans that answer, and what they found in it."""

    image: Image
    counted: list[Found]
    hidden: list[Hidden]

    @property
    def manifest(self) -> Manifest:
        return self.image.manifest

    @cached_property
    def known(self) -> list[Known]:
        """Return the vulnerabilities, each once, the worst first, hidden ones last."""
        return known_in(self.counted, self.hidden)

    @cached_property
    def counts(self) -> Counts:
        return severity.counts(self.counted)

    def scan_for(self, kind: Kind) -> Scan | None:
        """Return the scan that answers for a kind of evidence."""
        return self.image.answers[kind].scan

    @cached_property
    def rows(self) -> list[Row]:
        """Return all components, those with the worst vulnerabilities first.

        What only findings name is a component too. Where two scans name a package by
        two purls, name and version tell that it is one.
        """
        listed = _listed(self.scan_for(Kind.COMPONENTS))
        by_name = {(row.name, row.version): row for row in listed.values()}
        for one in self.counted:
            _row_of(one, listed, by_name).counted.append(one)
        for hidden in self.hidden:
            _row_of(hidden.found, listed, by_name).hidden.append(hidden)
        return sorted(listed.values(), key=lambda row: row.order)

    def details_of(self, rows: Iterable[Row]) -> dict[int, Detail]:
        """Return licenses and places of components by their keys; one query."""
        listing = self.scan_for(Kind.COMPONENTS)
        licensing = self.scan_for(Kind.LICENSES)
        keys = [row.pk for row in rows]
        found = {key: Detail([], []) for key in keys}
        scans = {scan.pk for scan in (listing, licensing) if scan}
        sightings = ScanComponent.objects.filter(scan__in=scans, component__in=keys)
        # A row for each license: an image has very many components.
        for key, scan, name, *seen in sightings.order_by("id").values_list(
            *("component", "scan", "licenses__name"),
            *("layer_digest", "path", "more_places"),
        ):
            detail = found[key]
            if name and licensing and scan == licensing.pk:
                detail.licenses.append(name)
            if listing and scan == listing.pk and not detail.places:
                detail.places.extend(_places(*seen))
        for detail in found.values():
            detail.licenses.sort()
        return found


def places_of(sighting: ScanComponent) -> list[Placing]:
    """Return every place where a scan saw a component."""
    return _places(sighting.layer_digest, sighting.path, sighting.more_places)


def _places(layer: str, path: str, more: list[list[str]]) -> list[Placing]:
    pairs = [(layer, path), *more]
    return [Placing(*pair) for pair in pairs if any(pair)]


def contents_of(
    repository: Repository, pushed: Manifest, images: Iterable[Image]
) -> list[Contents]:
    """Read what was found in the images of a manifest that a repository holds."""
    found = list(images)
    answering = [one.answers[Kind.VULNERABILITIES].scan for one in found]
    findings = findings_of(scan.pk for scan in answering if scan)
    digests = [pushed.digest, *(one.manifest.digest for one in found)]
    exceptions = in_force(repository, digests)
    contents = []
    for image, scan in zip(found, answering, strict=True):
        there = applying(exceptions, (pushed.digest, image.manifest.digest))
        counted, hidden = subtract(findings[scan.pk] if scan else [], there)
        contents.append(Contents(image, counted, hidden))
    return contents


def _listed(scan: Scan | None) -> dict[int, Row]:
    if scan is None:
        return {}
    rows = ScanComponent.objects.filter(scan=scan).values_list(
        *("component", "component__name", "component__version", "component__purl")
    )
    return {values[0]: Row(*values) for values in rows}


def _row_of(
    found: Found, listed: dict[int, Row], by_name: dict[tuple[str, str], Row]
) -> Row:
    row = listed.get(found.component_id)
    row = row or by_name.get((found.component, found.version))
    if row is None:
        row = Row(found.component_id, found.component, found.version, "")
        listed[row.pk] = by_name[found.component, found.version] = row
    return row
