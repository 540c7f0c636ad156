"""What scans found, read for many of them at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from repositories.models import PackageNews, Scan, ScanComponent
from repositories.scanning.ecosystems import RELEASED, Package

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from repositories.services.advisories.knowledge import Knowledge

COLUMNS = (
    *("scan", "component", "layer_digest"),
    *("component__purl", "component__ecosystem"),
    *("component__package", "component__package_version"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """A component in a scan: its key, and what advisories call it."""

    component: int
    layer: str
    purl: str
    package: Package


def contents_of(scans: Collection[Scan]) -> dict[int, list[Content]]:
    """Return the components of each scan, by the scan's key; one query."""
    found: dict[int, list[Content]] = defaultdict(list)
    for scan, component, layer, purl, *package in _sightings(scans).values_list(
        *COLUMNS
    ):
        found[scan].append(Content(component, layer, purl, Package(*package)))
    return found


def ecosystems_of(scans: Collection[Scan]) -> dict[int, set[str]]:
    """Return the ecosystems whose packages are in each scan, by the scan's key."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = _sightings(scans).exclude(component__ecosystem="")
    for scan, name in rows.values_list("scan", "component__ecosystem").distinct():
        found[scan].add(name)
    return found


def with_news(scans: Collection[Scan], knowledge: Knowledge) -> list[Scan]:
    """Return the scans of which something else may be known since they were matched.

    Because of a package in them, or of an ecosystem.
    """
    since = Coalesce("scan__matched_at", "scan__started_at", "scan__created_at")
    news = PackageNews.objects.filter(
        Q(ecosystem=OuterRef("component__ecosystem")) | Q(ecosystem__in=RELEASED),
        Q(changed_at__isnull=True) | Q(changed_at__gt=OuterRef("since")),
        package=OuterRef("component__package"),
    )
    rows = _sightings(scans).annotate(since=since).filter(Exists(news))
    named = set(rows.values_list("scan", flat=True).distinct())
    ecosystems = ecosystems_of(scans)
    return [
        scan
        for scan in scans
        if scan.pk in named or _is_news(scan, ecosystems[scan.pk], knowledge)
    ]


def _is_news(scan: Scan, ecosystems: Iterable[str], knowledge: Knowledge) -> bool:
    since = scan.matched_at or scan.started_at or scan.created_at
    return any(knowledge.is_newly_covered(name, since) for name in ecosystems)


def _sightings(scans: Collection[Scan]) -> QuerySet[ScanComponent]:
    return ScanComponent.objects.filter(scan__in=[scan.pk for scan in scans]).order_by()
