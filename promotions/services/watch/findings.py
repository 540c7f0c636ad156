"""Which vulnerabilities are known of promoted images, as their targets may know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promotions.rules import Vulnerability
from promotions.rules.findings import fold
from repositories.models import Finding, IndexChild, Scan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promotions.models import Promotion
    from repositories.models import Repository

NAMED = 50  # of the vulnerabilities found, in one event


@dataclass(frozen=True, slots=True)
class News:
    """Vulnerabilities that were not known before, and the scanners that found them."""

    names: tuple[str, ...] = ()
    scanners: tuple[str, ...] = ()


@dataclass(slots=True)
class Known:
    """What current scans found in one image: by each scanner what it named."""

    by_scanner: dict[str, list[Vulnerability]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def since(self, known: Iterable[str]) -> News:
        """Return what has none of the names that were known before.

        What another database calls differently is no news.
        """
        before = set(known)
        found = [one for some in self.by_scanner.values() for one in some]
        new = [one for one in fold(found) if before.isdisjoint(one.names)]
        members = {id(member) for one in new for member in one.members}
        scanners = {
            name
            for name, some in self.by_scanner.items()
            if any(id(one) in members for one in some)
        }
        names = tuple(one.names[0] for one in new if one.names[0])
        return News(names, tuple(sorted(scanners)) if names else ())


def known_of(promotions: Iterable[Promotion]) -> dict[int, Known]:
    """Return what is known of each promotion's image, by the promotion's key.

    The scans are those that count everywhere, and those made for the target or its
    namespace: what others had scanned for themselves is not told. Nothing is left out
    because somebody hid it. Three queries, however many promotions.
    """
    found = list(promotions)
    images = _images({one.manifest_id for one in found})
    every = set[int]().union(*images.values())
    rows = Scan.objects.filter(manifest__in=every, is_current=True)
    scans: dict[int, list[Scan]] = defaultdict(list)
    for scan in rows.order_by("id"):
        scans[scan.manifest_id].append(scan)
    findings = _findings([one.pk for some in scans.values() for one in some])
    return {
        one.pk: _known(one, images[one.manifest_id], scans, findings) for one in found
    }


def _known(
    promotion: Promotion,
    images: set[int],
    scans: dict[int, list[Scan]],
    findings: dict[int, list[Vulnerability]],
) -> Known:
    known = Known()
    for image in sorted(images):
        for scan in scans.get(image, ()):
            if _counts_in(promotion.target_repository, scan):
                by = scan.source or scan.origin
                known.by_scanner[by] += findings.get(scan.pk, ())
    return known


def _counts_in(target: Repository | None, scan: Scan) -> bool:
    if scan.trusted_repository_id is scan.trusted_namespace_id is None:
        return True
    if target is None:
        return False
    of_namespace = scan.trusted_namespace_id == target.namespace_id
    return of_namespace or scan.trusted_repository_id == target.pk


def _images(manifests: set[int]) -> dict[int, set[int]]:
    """Return the keys of the image itself and of what an index consists of."""
    below: dict[int, set[int]] = {key: {key} for key in manifests}
    rows = IndexChild.objects.filter(index__in=manifests)
    for index, child in rows.values_list("index", "child"):
        below[index].add(child)
    return below


def _findings(scans: list[int]) -> dict[int, list[Vulnerability]]:
    found: dict[int, list[Vulnerability]] = defaultdict(list)
    rows = Finding.objects.filter(scan__in=scans).order_by("id")
    names = ("scan", "vulnerability__identifier", "aliases")
    for scan, name, aliases in rows.values_list(*names).distinct():
        found[scan].append(Vulnerability(name, tuple(aliases)))
    return found
