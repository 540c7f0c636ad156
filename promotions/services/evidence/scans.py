"""Which scan answers for an image, kind by kind, and what it lists."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from promotions.rules import Component, EvidenceKind, Missing, Vulnerability
from repositories.models import Manifest, Repository, Scan, ScanComponent
from repositories.services.answers.choosing import ranked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from promotions.services.evidence.wanted import Wanted

SCANNED = (
    EvidenceKind.COMPONENTS,
    EvidenceKind.LICENSES,
    EvidenceKind.VULNERABILITIES,
)
GONE = -1  # the revision of a scan that was deleted since it was chosen
REMEDY = "scan the image, or upload a report"


def scans_of(
    repository: Repository, images: Iterable[Manifest], wanted: Wanted
) -> dict[int, list[Scan]]:
    """Return the scans of each image, those that count first, first.

    Beside the current ones there are those that run and that failed: they say why
    something is not known.
    """
    rows = Scan.objects.in_scope(repository, wanted.origins).filter(
        ~Q(state=Scan.State.COMPLETED) | Q(is_current=True),
        manifest__in=[image.pk for image in images],
    )
    found: dict[int, list[Scan]] = defaultdict(list)
    if wanted.needs.isdisjoint(SCANNED):
        return found
    for scan in ranked(repository, rows.select_related("scanner")):
        found[scan.manifest_id].append(scan)
    return found


Choice = dict[EvidenceKind, "Scan | Missing"]
Findings = dict[int, list[tuple[Vulnerability, str]]]
"""By the key of the scan: what was found, and in which layer."""


def choose(image: Manifest, scans: list[Scan]) -> Choice:
    """Per kind the first scan that covers it, or why there is none."""
    return {kind: _first(image, scans, kind) for kind in SCANNED}


def _first(image: Manifest, scans: list[Scan], kind: EvidenceKind) -> Scan | Missing:
    gap: Missing | None = None
    for scan in (one for one in scans if one.is_current):
        covered = scan.coverage.get(kind)
        if covered is None:
            continue
        if covered:
            gap = gap or _gap(scan, covered)
        elif kind is EvidenceKind.VULNERABILITIES and (old := _too_old(scan)):
            gap = gap or old
        else:
            return scan
    return gap or _not_listed(image, scans, kind)


def _not_listed(image: Manifest, scans: list[Scan], kind: EvidenceKind) -> Missing:
    """Say why no scan listed something: it runs still, it failed, or there is none."""
    platform = image.platform or "the image"
    if any(scan.is_open for scan in scans):
        return Missing(f"the scan of {platform} is not finished", "wait for its end")
    last = max(scans, key=attrgetter("pk"), default=None)
    if last is not None and last.state == Scan.State.FAILED:
        why = last.error.rstrip(".")
        return Missing(f"the scan of {platform} by {last.origin} failed: {why}", REMEDY)
    return Missing(f"no scan of {platform} listed its {kind}", REMEDY)


def _gap(scan: Scan, covered: dict[str, Any]) -> Missing:
    return Missing(
        reason=str(covered.get("reason") or f"{scan.source or scan.origin} saw none"),
        remedy=str(covered.get("remedy", "")),
        unscannable=covered.get("unscannable") is True,
    )


def _too_old(scan: Scan) -> Missing | None:
    days = settings.EVIDENCE_MAX_AGE_DAYS
    at = age_of(scan)
    if at is None or at > timezone.now() - timedelta(days=days):
        return None
    return Missing(f"the scan for vulnerabilities is older than {days} days", REMEDY)


def is_outdated(choice: Choice, scans: Iterable[Scan]) -> bool:
    """Tell whether a scan would answer for vulnerabilities if it were newer."""
    kind = EvidenceKind.VULNERABILITIES
    if not isinstance(choice[kind], Missing):
        return False
    return any(scan.coverage.get(kind) == {} and _too_old(scan) for scan in scans)


def age_of(scan: Scan) -> datetime | None:
    """Return how new the scan's knowledge of vulnerabilities is; None if not known."""
    return scan.advisories_at or scan.finished_at


@dataclass(frozen=True, slots=True)
class Loaded:
    """The contents of the scans chosen, by the scan's key, two or three queries."""

    components: dict[int, list[Component]]
    findings: Findings
    revisions: dict[int, int]

    @classmethod
    def of(cls, choices: Iterable[Choice], needs: frozenset[EvidenceKind]) -> Loaded:
        chosen = list(choices)
        listing = keys_of(
            chosen, needs & {EvidenceKind.COMPONENTS, EvidenceKind.LICENSES}
        )
        finding = keys_of(chosen, needs & {EvidenceKind.VULNERABILITIES})
        return cls(_components(listing), *_findings(finding))

    def is_of(self, choices: Iterable[Choice]) -> bool:
        """Tell whether the findings are of the scans as they were when chosen."""
        chosen = [choice[EvidenceKind.VULNERABILITIES] for choice in choices]
        return all(
            self.revisions.get(one.pk, one.revision) == one.revision
            for one in chosen
            if isinstance(one, Scan)
        )


def used_in(choices: Iterable[Choice], kinds: Iterable[EvidenceKind]) -> set[str]:
    """Return the scans chosen for any of the kinds, each with its revision."""
    found = (choice[kind] for choice in choices for kind in kinds)
    return {f"{one.pk}.{one.revision}" for one in found if isinstance(one, Scan)}


def keys_of(choices: Iterable[Choice], kinds: Iterable[EvidenceKind]) -> set[int]:
    """Return the keys of the scans chosen for any of the kinds."""
    found = (choice[kind] for choice in choices for kind in kinds)
    return {one.pk for one in found if isinstance(one, Scan)}


def _components(scans: set[int]) -> dict[int, list[Component]]:
    found: dict[int, list[Component]] = defaultdict(list)
    if not scans:
        return found
    named = ("component__name", "component__version", "component__purl")
    rows = ScanComponent.objects.filter(scan__in=scans).values_list(
        "id", "scan", *named, "licenses__name"
    )
    # A row for each license, and no objects: an image has very many components.
    for (_, scan, name, version, purl), same in groupby(
        rows.order_by("id", "licenses__id"), itemgetter(0, 1, 2, 3, 4)
    ):
        licenses = tuple(row[-1] for row in same if row[-1] is not None)
        found[scan].append(Component(name, version, purl, licenses))
    return found


def _findings(scans: set[int]) -> tuple[Findings, dict[int, int]]:
    """Return the findings, and the revision of each scan that they are of.

    Both come from one query: a scan without findings has a row of its own in it.
    """
    found: Findings = defaultdict(list)
    revisions = dict.fromkeys(scans, GONE)
    if not scans:
        return found, revisions
    rows = (
        Scan.objects.filter(pk__in=scans)
        .order_by("findings__id")
        .values_list(
            *("pk", "revision", "findings__id", "findings__layer_digest"),
            *("findings__vulnerability__identifier", "findings__aliases"),
            *("findings__severity", "findings__cvss3_score", "findings__cvss2_score"),
            *("findings__component__name", "findings__component__version"),
            "findings__fixed_version",
        )
    )
    for scan, revision, key, layer, identifier, aliases, *values in rows:
        revisions[scan] = revision
        if key is not None:
            one = Vulnerability(identifier, tuple(aliases), *values)
            found[scan].append((one, layer))
    return found, revisions
