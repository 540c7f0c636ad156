"""Where in the images of a page of tags the thing looked for is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from repositories.models import (
    Finding,
    Repository,
    Scan,
    ScanComponent,
    VulnerabilityException,
)
from repositories.scanning.report import Kind
from repositories.scanning.severity import Counts
from repositories.services.answers.choosing import choose, ranked
from repositories.services.answers.contents import Placing, places_of
from repositories.services.answers.found import (
    Found,
    Hidden,
    applying,
    covers,
    known_in,
)
from repositories.services.answers.images import images_of
from repositories.services.answers.search import Subject
from repositories.services.answers.summary import Image, counts_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Manifest, ManifestLayer, Tag
    from repositories.services.answers.found import Known
    from repositories.services.answers.search import Search


@dataclass(frozen=True)
class Place:
    """One component that is, or has, what was looked for, as one scan found it.

    `found` is there for vulnerabilities only, `hidden_by` where one does not count.
    """

    scan: Scan
    name: str
    version: str
    purl: str
    places: list[Placing]
    licenses: list[str]
    found: Found | None = None
    hidden_by: VulnerabilityException | None = None


@dataclass(frozen=True)
class Hit:
    """One image under a tag with what was looked for in it; no place for a layer."""

    tag: Tag
    image: Image
    places: list[Place]
    layers: list[ManifestLayer] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest:
        return self.image.manifest

    @property
    def counts(self) -> Counts:
        """The stored counts of the image; nothing is subtracted."""
        scan = self.image.answers[Kind.VULNERABILITIES].scan
        return counts_in(scan) if scan else Counts()

    @property
    def known(self) -> list[Known]:
        """Return what was found, each vulnerability once."""
        counted = [one.found for one in self.places if one.found and not one.hidden_by]
        hidden = [
            Hidden(one.found, one.hidden_by)
            for one in self.places
            if one.found and one.hidden_by
        ]
        return known_in(counted, hidden)


def hits_of(search: Search, tags: Iterable[Tag]) -> list[Hit]:
    """Return what each tag was found for; a constant number of queries."""
    rows = list(tags)
    images = _images(rows)
    keys = {one.manifest.pk for found in images.values() for one in found}
    if search.subject is Subject.LAYER:
        return _layer_hits(search, rows, images)
    sightings = _by_image(search, keys)
    exceptions = _exceptions(rows) if search.subject is Subject.CVE else {}
    hits = []
    for tag in rows:
        for image in images[tag.pk]:
            hidden = applying(
                exceptions.get(tag.repository_id, ()),
                (image.manifest.digest, tag.manifest.digest),
            )
            found = sightings[image.manifest.pk]
            shown = [one for one in found if _is_shown(one.scan, tag)]
            if shown:
                places = [_place(one, hidden) for one in shown]
                hits.append(Hit(tag, image, _distinct(places)))
    return hits


def _images(tags: list[Tag]) -> dict[int, list[Image]]:
    """Return the images of each tag by its key, with the current scans shown there."""
    images = images_of((tag.repository_id, tag.manifest) for tag in tags)
    keys = {image.pk for found in images.values() for image in found}
    scans: dict[int, list[Scan]] = defaultdict(list)
    current = Scan.objects.filter(manifest__in=keys, is_current=True)
    for scan in current.select_related("scanner"):
        scans[scan.manifest_id].append(scan)
    return {
        tag.pk: [
            _image(tag, one, scans[one.pk])
            for one in images[tag.repository_id, tag.manifest_id]
        ]
        for tag in tags
    }


def _image(tag: Tag, manifest: Manifest, scans: list[Scan]) -> Image:
    shown = ranked(tag.repository, (one for one in scans if _is_shown(one, tag)))
    return Image(manifest, shown, choose(shown))


def _layer_hits(
    search: Search, tags: list[Tag], images: dict[int, list[Image]]
) -> list[Hit]:
    has: dict[int, list[ManifestLayer]] = defaultdict(list)
    keys = {one.manifest.pk for found in images.values() for one in found}
    for layer in search.images().filter(manifest__in=keys).order_by("position"):
        has[layer.manifest_id].append(layer)
    return [
        Hit(tag, image, [], has[image.manifest.pk])
        for tag in tags
        for image in images[tag.pk]
        if image.manifest.pk in has
    ]


def _by_image(search: Search, images: set[int]) -> dict[int, list[Any]]:
    """Return the rows that say so, by the key of the image; at most four queries."""
    rows = search.sightings().filter(scan__manifest__in=images, scan__is_current=True)
    rows = rows.select_related("component", "scan")
    if search.subject is Subject.CVE:
        rows = rows.select_related("component", "scan", "vulnerability")
    else:
        rows = rows.prefetch_related("licenses").distinct()
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows.order_by("id"):
        found[row.scan.manifest_id].append(row)
    return found


def _is_shown(scan: Scan, tag: Tag) -> bool:
    made_for = (scan.trusted_repository_id, scan.trusted_namespace_id)
    here = (tag.repository_id, tag.repository.namespace_id)
    return made_for == (None, None) or any(
        mine is not None and mine == its
        for mine, its in zip(made_for, here, strict=True)
    )


def _exceptions(tags: list[Tag]) -> dict[int, list[VulnerabilityException]]:
    """Return what is hidden in the repositories of the tags, by their keys."""
    repositories = {tag.repository_id: tag.repository for tag in tags}
    rows = VulnerabilityException.objects.in_force(timezone.now()).of_places(
        repositories.keys(), {one.namespace_id for one in repositories.values()}
    )
    found = list(rows.select_related("author").order_by("id"))
    return {
        key: [one for one in found if _reaches(one, repository)]
        for key, repository in repositories.items()
    }


def _reaches(exception: VulnerabilityException, repository: Repository) -> bool:
    return (
        exception.repository_id == repository.pk
        or exception.namespace_id == repository.namespace_id
    )


def _place(row: Any, hidden: list[VulnerabilityException]) -> Place:
    if isinstance(row, ScanComponent):
        licenses = sorted(one.name for one in row.licenses.all())
        return _of_component(row, places_of(row), licenses)
    found = _found(row)
    by = next((one for one in hidden if covers(one, found, found.layer)), None)
    places = [Placing(found.layer, "")] if found.layer else []
    return _of_component(row, places, [], found=found, hidden_by=by)


def _of_component(
    row: Any, places: list[Placing], licenses: list[str], **values: Any
) -> Place:
    one = row.component
    parts = (row.scan, one.name, one.version, one.purl, places, licenses)
    return Place(*parts, **values)


def _found(row: Finding) -> Found:
    return Found(
        scan_id=row.scan_id,
        component_id=row.component_id,
        id=row.vulnerability.identifier,
        aliases=row.aliases,
        severity=row.severity,
        cvss3=row.cvss3_score,
        cvss2=row.cvss2_score,
        vector=row.cvss_vector,
        component=row.component.name,
        version=row.component.version,
        fixed_version=row.fixed_version,
        layer=row.layer_digest,
        summary=row.vulnerability.summary,
        link=row.vulnerability.link,
    )


def _distinct(places: list[Place]) -> list[Place]:
    """Say once what several scanners found; the oldest scan says it."""
    return list({(one.name, one.version): one for one in reversed(places)}.values())[
        ::-1
    ]
