"""Write what is known of scans now, where it differs from what was known before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from repositories.models import Finding, Scan
from repositories.scanning.identifiers import canonical
from repositories.scanning.report import FoundVulnerability, Gap, Kind
from repositories.scanning.severity import counts
from repositories.services.advisories.contents import contents_of, ecosystems_of
from repositories.services.advisories.coverage import gap_of, oldest_of
from repositories.services.advisories.matching import found_in
from repositories.services.image_config import short_text
from repositories.services.scans import catalog
from repositories.services.scans.batches import batched
from repositories.services.scans.recording import coverage_json
from repositories.signals import scan_completed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from repositories.services.advisories.contents import Content
    from repositories.services.advisories.knowledge import Knowledge

BATCH = 500
WRITTEN = 10  # scans a transaction; each may have thousands of findings
MAX_ALIASES = 20
GRADED = (
    *("aliases", "severity", "cvss3_score", "cvss2_score"),
    *("cvss_vector", "fixed_version"),
)
COUNTED = ("critical_count", "major_count", "minor_count", "vulnerability_count")
Ages = dict[int, "datetime | None"]  # by the keys of scans
Key = tuple[int, str]  # a component's key, and a vulnerability's id


@dataclass(slots=True)
class Difference:
    """How the findings and the coverage of one scan differ from what is stored."""

    scan: Scan
    found: dict[Key, FoundVulnerability]
    coverage: dict[str, dict[str, Any]]
    new: list[Key] = field(default_factory=list)
    changed: dict[Key, int] = field(default_factory=dict)  # with the finding's key
    gone: list[int] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        """Whether anything differs."""
        differs = self.coverage != self.scan.coverage
        return differs or bool(self.new or self.changed or self.gone)

    def apply(self) -> Scan:
        """Give the scan, which is not saved, what is known now."""
        counted = counts(self.found.values())
        values = (counted.critical, counted.major, counted.minor, counted.all)
        for name, value in zip(COUNTED, values, strict=True):
            setattr(self.scan, name, value)
        self.scan.coverage = self.coverage
        self.scan.revision += 1
        return self.scan


def write(
    scans: Collection[Scan], stale: Collection[Scan], knowledge: Knowledge
) -> int:
    """Match the stale ones of some scans again; return how many differ now.

    All of them are as new as the advisories about them from now on. Those that were
    scanned anew or matched by somebody else in the meantime are left alone.
    """
    ages = {
        scan.pk: oldest_of(ecosystems, knowledge)
        for scan, ecosystems in _with_ecosystems(scans)
    }
    found = [one for one in _differences(stale, knowledge) if one.is_any]
    keys = _vulnerabilities(found)
    differing = {one.scan.pk for one in found}
    _write([scan for scan in scans if scan.pk not in differing], ages, knowledge)
    changed = 0
    for some in batched(found, WRITTEN):
        changed += _write([one.scan for one in some], ages, knowledge, some, keys)
    return changed


def _write(
    scans: Collection[Scan],
    ages: Ages,
    knowledge: Knowledge,
    found: Iterable[Difference] = (),
    keys: Mapping[str, int] = MappingProxyType({}),
) -> int:
    with transaction.atomic():
        held = _held(scans)
        different = [one for one in found if one.scan.pk in held]
        _write_findings(different, keys)
        changed = [one.apply() for one in different]
        Scan.objects.bulk_update(changed, ("revision", "coverage", *COUNTED))
        _date(held, ages, knowledge)
        asked = {scan.pk for scan in changed}
        for scan in scans:
            if scan.pk in asked or (scan.pk in held and _was_too_old(scan, ages)):
                scan_completed.send(sender=Scan, manifest_id=scan.manifest_id)
    return len(changed)


def _with_ecosystems(scans: Collection[Scan]) -> Iterable[tuple[Scan, set[str]]]:
    ecosystems = ecosystems_of(scans)
    return ((scan, ecosystems[scan.pk]) for scan in scans)


def _held(scans: Iterable[Scan]) -> set[int]:
    """Lock the scans; return the keys of those that are still as they were read."""
    revisions = {scan.pk: scan.revision for scan in scans}
    rows = Scan.objects.select_for_update(of=("self",)).filter(
        pk__in=revisions, is_current=True
    )
    now = rows.order_by("pk").values_list("pk", "revision")
    return {key for key, revision in now if revisions[key] == revision}


def _date(held: Iterable[int], ages: Ages, knowledge: Knowledge) -> None:
    by_age: dict[datetime | None, list[int]] = defaultdict(list)
    for key in held:
        by_age[ages[key]].append(key)
    for at, keys in by_age.items():
        rows = Scan.objects.filter(pk__in=keys)
        rows.update(advisories_at=at, matched_at=knowledge.at)


def _was_too_old(scan: Scan, ages: Ages) -> bool:
    """Say whether policies took the scan's knowledge for unknown, and need not now."""
    oldest = timezone.now() - timedelta(days=settings.EVIDENCE_MAX_AGE_DAYS)
    before, now = scan.advisories_at or scan.finished_at, ages[scan.pk]
    return before is not None and before <= oldest and now is not None and now > oldest


def _differences(scans: Collection[Scan], knowledge: Knowledge) -> list[Difference]:
    contents = contents_of(scans)
    knowledge.learn(one.package for listed in contents.values() for one in listed)
    found = [_known(scan, contents[scan.pk], knowledge) for scan in scans]
    stored = _stored(scans)
    for one in found:
        _compare(one, stored[one.scan.pk])
    return found


def _known(scan: Scan, contents: list[Content], knowledge: Knowledge) -> Difference:
    packages = {one.purl: one.package for one in contents}
    gap = gap_of(packages, knowledge, _components_gap(scan))
    coverage = {**scan.coverage, **coverage_json({Kind.VULNERABILITIES: gap})}
    found = {}
    for one in contents:
        for match in knowledge.of(one.package).found:
            name = short_text(canonical(match.id), 100)
            found[one.component, name] = found_in(one.purl, match, one.layer)
    return Difference(scan, found, coverage)


def _components_gap(scan: Scan) -> Gap | None:
    """Return why not all components of a scan are known; None where they are."""
    said = scan.coverage.get(Kind.COMPONENTS)
    if not said:
        return None
    remedy, unscannable = str(said.get("remedy", "")), said.get("unscannable") is True
    return Gap(str(said.get("reason", "")), remedy, unscannable)


Stored = dict[int, dict[Key, tuple[int, dict[str, Any]]]]


def _stored(scans: Iterable[Scan]) -> Stored:
    rows = Finding.objects.filter(scan__in=[scan.pk for scan in scans])
    found: Stored = defaultdict(dict)
    named = ("scan", "component", "vulnerability__identifier", "pk")
    for scan, component, name, key, *values in rows.values_list(*named, *GRADED):
        graded = dict(zip(GRADED, values, strict=True))
        found[scan][component, name] = key, graded
    return found


def _compare(one: Difference, stored: dict[Key, tuple[int, dict[str, Any]]]) -> None:
    one.gone = [key for name, (key, _) in stored.items() if name not in one.found]
    for name, found in one.found.items():
        if name not in stored:
            one.new.append(name)
        elif stored[name][1] != _graded(name[1], found):
            one.changed[name] = stored[name][0]


def _graded(name: str, found: FoundVulnerability) -> dict[str, Any]:
    aliases = {canonical(alias) for alias in found.aliases} - {name, ""}
    return {
        "aliases": [short_text(one, 100) for one in sorted(aliases)[:MAX_ALIASES]],
        "severity": short_text(found.severity, 20),
        "cvss3_score": found.cvss3,
        "cvss2_score": found.cvss2,
        "cvss_vector": short_text(found.vector, 200),
        "fixed_version": short_text(found.fixed_version, 200),
    }


def _vulnerabilities(found: Iterable[Difference]) -> dict[str, int]:
    """Return the keys of the vulnerabilities that findings are made or changed of."""
    wanted = {
        name: one.found[component, name]
        for one in found
        for component, name in (*one.new, *one.changed)
    }
    return catalog.vulnerabilities(wanted.values(), trusted=True)


def _write_findings(found: Iterable[Difference], keys: Mapping[str, int]) -> None:
    gone: list[int] = []
    new: list[Finding] = []
    changed: list[Finding] = []
    for one in found:
        gone += one.gone
        new += [_finding(one, name, keys) for name in one.new]
        changed += [_finding(one, name, keys, key) for name, key in one.changed.items()]
    for some in batched(gone, BATCH):
        Finding.objects.filter(pk__in=some).delete()
    Finding.objects.bulk_create(new, batch_size=BATCH)
    Finding.objects.bulk_update(changed, GRADED, batch_size=BATCH)


def _finding(
    one: Difference, name: Key, keys: Mapping[str, int], key: int | None = None
) -> Finding:
    component, identifier = name
    found = one.found[name]
    return Finding(
        pk=key,
        scan=one.scan,
        component_id=component,
        vulnerability_id=keys[identifier],
        layer_digest=found.layer,
        **_graded(identifier, found),
    )
