"""Write what a report lists: in bulk, and at once as what counts from now on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from repositories.models import Finding, Scan, ScanComponent
from repositories.scanning import licenses as license_texts
from repositories.scanning.identifiers import canonical
from repositories.scanning.report import FoundComponent, Kind, Place
from repositories.scanning.severity import counts
from repositories.services.image_config import short_text
from repositories.services.scans import catalog
from repositories.services.webhooks import telling
from repositories.signals import scan_completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from repositories.scanning.report import FoundVulnerability, Gap, Report
    from repositories.services.scans.catalog import Keys

BATCH = 1000
MAX_ALIASES, MAX_PLACES = 20, 50


class LeaseLost(Exception):
    """Another worker has the scan by now, or it was ended; nothing was written."""


def record(
    *,
    scan: Scan,
    report: Report,
    lease: UUID | None,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Complete the scan with what was found; policies are asked again.

    `lease` is the one under which it ran; None for a scan that was not saved yet.
    `beat` renews it, while very many rows are written that scans share. Raises
    LeaseLost, and what `beat` raises.
    """
    contents = _Contents.of(scan, report, beat)
    with transaction.atomic():
        _complete(scan, report, contents, lease)
        contents.write(scan)
        scan_completed.send(sender=Scan, manifest_id=scan.manifest_id)
        telling.scan_ended(scan)


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a report lists, each thing once, with the keys of the rows it names."""

    components: tuple[FoundComponent, ...]
    findings: tuple[FoundVulnerability, ...]
    component_keys: Keys
    license_keys: Keys
    vulnerability_keys: Keys

    @classmethod
    def of(cls, scan: Scan, report: Report, beat: Callable[[], None]) -> _Contents:
        """Merge what the report lists twice, and find or make the shared rows."""
        components = _merged_components(report.components)
        findings = _merged_findings(report.vulnerabilities)
        is_trusted = scan.trusted_repository_id is scan.trusted_namespace_id is None
        purls = {one.purl for one in components} | {one.purl for one in findings}
        names = (name for one in components for name in one.licenses)
        return cls(
            components,
            findings,
            catalog.components(purls, beat),
            catalog.licenses(names, beat),
            catalog.vulnerabilities(findings, beat, trusted=is_trusted),
        )

    def write(self, scan: Scan) -> None:
        """Write the rows of one scan; call it in the transaction that completes it."""
        rows = [self._component(scan, one) for one in self.components]
        ScanComponent.objects.bulk_create(rows, batch_size=BATCH)
        through = ScanComponent.licenses.through
        through.objects.bulk_create(
            [
                through(scancomponent_id=row.pk, license_id=self.license_keys[name])
                for row, one in zip(rows, self.components, strict=True)
                for name in one.licenses
            ],
            batch_size=BATCH,
        )
        found = [self._finding(scan, one) for one in self.findings]
        Finding.objects.bulk_create(found, batch_size=BATCH)

    def _component(self, scan: Scan, found: FoundComponent) -> ScanComponent:
        first, *more = found.places or (Place(),)
        return ScanComponent(
            scan=scan,
            component_id=self.component_keys[found.purl],
            layer_digest=short_text(first.layer, 140),
            path=short_text(first.path, 1000),
            more_places=[
                [short_text(place.layer, 140), short_text(place.path, 1000)]
                for place in more[:MAX_PLACES]
            ],
        )

    def _finding(self, scan: Scan, found: FoundVulnerability) -> Finding:
        return Finding(
            scan=scan,
            component_id=self.component_keys[found.purl],
            vulnerability_id=self.vulnerability_keys[found.id],
            **_graded(found),
        )


def _graded(found: FoundVulnerability) -> dict[str, Any]:
    """Return the columns of a finding that say how bad it is, and what mends it."""
    return {
        "aliases": [short_text(name, 100) for name in found.aliases[:MAX_ALIASES]],
        "severity": short_text(found.severity, 20),
        "cvss3_score": found.cvss3,
        "cvss2_score": found.cvss2,
        "cvss_vector": short_text(found.vector, 200),
        "fixed_version": short_text(found.fixed_version, 200),
        "layer_digest": short_text(found.layer, 140),
    }


def _merged_components(found: Iterable[FoundComponent]) -> tuple[FoundComponent, ...]:
    names: dict[str, dict[str, None]] = defaultdict(dict)
    places: dict[str, dict[Place, None]] = defaultdict(dict)
    for one in found:
        said = (short_text(license_texts.spdx(text), 500) for text in one.licenses)
        names[one.purl].update(dict.fromkeys(filter(None, said)))
        places[one.purl].update(dict.fromkeys(one.places))
    return tuple(
        FoundComponent(purl, tuple(names[purl]), tuple(places[purl])) for purl in names
    )


def _merged_findings(
    found: Iterable[FoundVulnerability],
) -> tuple[FoundVulnerability, ...]:
    merged: dict[tuple[str, str], FoundVulnerability] = {}
    for one in found:
        name = short_text(canonical(one.id), 100)
        aliases = {canonical(alias) for alias in one.aliases} - {name, ""}
        named = replace(one, id=name, aliases=tuple(sorted(aliases)))
        known = merged.get((name, one.purl))
        merged[name, one.purl] = _worse(known, named) if known else named
    return tuple(merged.values())


def _worse(one: FoundVulnerability, other: FoundVulnerability) -> FoundVulnerability:
    """Merge two mentions of a vulnerability in one component, at the higher score."""
    worse = max(one, other, key=lambda found: (found.cvss3 or 0, found.cvss2 or 0))
    return replace(
        worse,
        aliases=tuple(sorted({*one.aliases, *other.aliases})),
        fixed_version=one.fixed_version or other.fixed_version,
    )


def _complete(
    scan: Scan, report: Report, contents: _Contents, lease: UUID | None
) -> None:
    """Make the scan the current one of its origin, in the place of the one before."""
    same = Scan.objects.filter(
        manifest=scan.manifest_id,
        origin=scan.origin,
        trusted_repository=scan.trusted_repository_id,
        trusted_namespace=scan.trusted_namespace_id,
    )
    replaced = {"is_current": False, "replaced_at": timezone.now()}
    same.filter(is_current=True).update(**replaced)
    values = _columns(report, contents)
    if lease is None:
        for name, value in values.items():
            setattr(scan, name, value)
        scan.save()
        return
    rows = Scan.objects.filter(pk=scan.pk, lease_token=lease, state=Scan.State.RUNNING)
    if not rows.update(**values):
        raise LeaseLost


def _columns(report: Report, contents: _Contents) -> dict[str, Any]:
    counted, now = counts(contents.findings), timezone.now()
    return {
        "state": Scan.State.COMPLETED,
        "is_current": True,
        "source": short_text(report.source, 200),
        "distribution": short_text(report.distribution, 100),
        "coverage": coverage_json(report.coverage),
        "finished_at": now,
        "advisories_at": _known_at(report, now),
        "component_count": len(contents.components),
        "critical_count": counted.critical,
        "major_count": counted.major,
        "minor_count": counted.minor,
        "vulnerability_count": counted.all,
        "lease_token": None,
        "leased_until": None,
        "error": "",
    }


def _known_at(report: Report, now: datetime) -> datetime | None:
    """Return how new what the report knew of vulnerabilities can have been.

    It is no newer than the report, which may have lain about, whatever either says.
    """
    if Kind.VULNERABILITIES not in report.coverage:
        return None
    said = (report.advisories_at, report.generated_at)
    times = [at for at in said if at is not None]
    return min(*times, now) if times else None


def coverage_json(coverage: Mapping[Kind, Gap | None]) -> dict[str, dict[str, Any]]:
    """Return what `Scan.coverage` holds: {} for what was seen whole."""
    return {kind.value: _gap_json(gap) for kind, gap in coverage.items()}


def _gap_json(gap: Gap | None) -> dict[str, Any]:
    if gap is None:
        return {}
    return {
        "reason": short_text(gap.reason, 500),
        "remedy": short_text(gap.remedy, 500),
        "unscannable": gap.unscannable,
    }
