"""Which images contain something: a vulnerability, a component, a license, a layer.

Looked for in the current scans, and answered with tags that the reader may pull. A
scan made for one repository or namespace is found there only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Action
from repositories.models import (
    Component,
    Finding,
    IndexChild,
    License,
    ManifestLayer,
    Repository,
    Scan,
    ScanComponent,
    Tag,
    Vulnerability,
    VulnerabilityAlias,
)
from repositories.scanning import license_terms, purls

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.access import Actor
    from repositories.querysets import TagQuerySet

FEW = 1_000  # what is in more scans is looked for tag by tag: one is found soon
LICENSES_READ = 5_000
SHA256 = "sha256:"
SCANNED = (
    *("scan", "scan__manifest"),
    *("scan__trusted_repository", "scan__trusted_namespace"),
)


class Subject(StrEnum):
    """What can be looked for."""

    CVE = "cve"
    COMPONENT = "component"
    LICENSE = "license"
    LAYER = "layer"


@dataclass(frozen=True)
class Search:
    """One question; `version` narrows a component that is given by its name."""

    subject: Subject
    term: str
    version: str = ""

    @cached_property
    def keys(self) -> list[int]:
        """The rows that the term means: vulnerabilities, components or licenses."""
        return _KEYS[self.subject](self)

    def tags(self, actor: Actor) -> TagQuerySet:
        """Return the tags of images that contain it, as far as the actor may pull."""
        visible = Repository.objects.permitted(actor, Action.PULL)
        rows = Tag.objects.for_listing().filter(repository__in=visible.values("pk"))
        return rows.filter(self._contained())

    def sightings(self) -> QuerySet[Any]:
        """Return the rows that say so, each with the key of its `scan`."""
        if self.subject is Subject.CVE:
            return Finding.objects.filter(vulnerability__in=self.keys)
        if self.subject is Subject.COMPONENT:
            return ScanComponent.objects.filter(component__in=self.keys)
        return ScanComponent.objects.filter(licenses__in=self.keys)

    def images(self) -> QuerySet[ManifestLayer]:
        """Return the rows that say which images have the layer."""
        return ManifestLayer.objects.filter(digest=layer_digest(self.term))

    def _contained(self) -> Q:
        if self.subject is Subject.LAYER:
            layers = self.images()
            images = layers.values_list("manifest", flat=True)[: FEW + 1]
            few = len(images) <= FEW
            return _of_images(set(images)) if few else _with_layer(layers)
        if not self.keys:
            return Q(pk__in=())
        sightings = self.sightings()
        rows = sightings.filter(scan__is_current=True).values_list(*SCANNED)
        found = list(rows[: FEW + 1])
        return _walked(sightings) if len(found) > FEW else _of_scans(set(found))


def layer_digest(term: str) -> str:
    """Return a layer's digest, which may be given without its algorithm."""
    plain = term.strip().lower()
    return plain if ":" in plain else SHA256 + plain


def _of_scans(found: set[tuple[int, int, int | None, int | None]]) -> Q:
    """Return the condition "shows what one of few scans found"."""
    everywhere = {image for _, image, *scope in found if not any(scope)}
    scoped = {scan: image for scan, image, *scope in found if any(scope)}
    if not scoped:
        return _of_images(everywhere)
    rows = Scan.objects.filter(pk__in=scoped)
    there = _of_images(set(scoped.values())) & _shown(rows)
    return _of_images(everywhere) | there


def _of_images(images: set[int]) -> Q:
    """Return the condition "is one of the images, or an index of one that is held"."""
    above = IndexChild.objects.filter(child__in=images)
    indexes = set(above.values_list("index", flat=True))
    if not indexes:
        return Q(manifest__in=images)
    held = _held_children().filter(child__in=images)
    return Q(manifest__in=images) | (Q(manifest__in=indexes) & Q(Exists(held)))


def _with_layer(layers: QuerySet[ManifestLayer]) -> Q:
    """Return the same condition for a layer of very many images."""
    direct = layers.filter(manifest=OuterRef("manifest"))
    below = layers.filter(manifest=OuterRef("child"))
    return Q(Exists(direct)) | Q(Exists(_held_children().filter(Exists(below))))


def _walked(sightings: QuerySet[Any]) -> Q:
    """Return the same condition for what is in very many scans: asked tag by tag."""
    found = Exists(sightings.filter(scan=OuterRef("pk")))
    return _shown(Scan.objects.filter(found, is_current=True))


def _shown(scans: QuerySet[Scan]) -> Q:
    """Return the condition "a repository shows one of the scans under the tag"."""
    here = _trusted(OuterRef("repository"), OuterRef("repository__namespace"))
    direct = scans.filter(here, manifest=OuterRef("manifest"))
    of_child = _trusted(
        OuterRef(OuterRef("repository")), OuterRef(OuterRef("repository__namespace"))
    )
    scans_below = scans.filter(of_child, manifest=OuterRef("child"))
    below = _held_children().filter(Exists(scans_below))
    return Q(Exists(direct)) | Q(Exists(below))


def _trusted(repository: OuterRef, namespace: OuterRef) -> Q:
    everywhere = Q(trusted_repository__isnull=True, trusted_namespace__isnull=True)
    return (
        everywhere | Q(trusted_repository=repository) | Q(trusted_namespace=namespace)
    )


def _held_children() -> QuerySet[IndexChild]:
    """Return what the manifest of a tag refers to and its repository holds."""
    return IndexChild.objects.filter(
        index=OuterRef("manifest"),
        child__holders__repository=OuterRef("repository"),
        child__holders__gone_at__isnull=True,
    )


def _vulnerabilities(search: Search) -> list[int]:
    names = VulnerabilityAlias.objects.names_of(search.term) | _spellings(search.term)
    rows = Vulnerability.objects.filter(identifier__in=names)
    return list(rows.values_list("pk", flat=True))


def _spellings(term: str) -> set[str]:
    """Return an id as it may be written: GHSA ids are lower-case behind the prefix."""
    plain = term.strip()
    prefix, dash, rest = plain.partition("-")
    return {plain, plain.upper(), f"{prefix.upper()}{dash}{rest.lower()}"}


def _components(search: Search) -> list[int]:
    term = search.term.strip()
    if term.startswith("pkg:"):
        rows = _of_purl(term)
    else:
        rows = Component.objects.filter(name__in={term, term.lower()})
    if search.version:
        rows = rows.filter(version=search.version)
    return list(rows.values_list("pk", flat=True))


def _of_purl(term: str) -> QuerySet[Component]:
    """Return the component of a purl; without a version, in all its versions."""
    purl = purls.canonical(term)
    if purl is None:
        return Component.objects.none()
    if purls.version_of(purl):
        # Qualifiers, such as an architecture, may follow.
        more = Q(purl__startswith=f"{purl}?")
        return Component.objects.filter(Q(purl=purl) | more)
    return Component.objects.filter(
        name=purls.name_of(purl), purl__startswith=f"{purl.partition('?')[0]}@"
    )


def _licenses(search: Search) -> list[int]:
    stem = license_terms.stem(search.term)
    rows = License.objects.filter(name__icontains=stem).order_by("id")
    pairs = rows.values_list("pk", "name")[:LICENSES_READ]
    return [pk for pk, name in pairs if license_terms.names(name, search.term)]


_KEYS: dict[Subject, Callable[[Search], list[int]]] = {
    Subject.CVE: _vulnerabilities,
    Subject.COMPONENT: _components,
    Subject.LICENSE: _licenses,
    Subject.LAYER: lambda _search: [],
}
