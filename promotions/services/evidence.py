"""What is known about a pushed image when policies are asked, and who says so."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from accounts.access import Action, Actor
from accounts.permissions import check
from promotions.rules import (
    Component,
    Evidence,
    EvidenceKind,
    ImageFacts,
    Missing,
    PlatformFacts,
    Vulnerability,
)
from promotions.services import signature_evidence
from repositories.models import (
    Finding,
    Manifest,
    Repository,
    Scan,
    ScanComponent,
    Tag,
    VulnerabilityException,
)
from repositories.services.image_config import CONFIG_TYPES
from repositories.services.tags import promotion_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.models import TagMove

SCANNED = (
    EvidenceKind.COMPONENTS,
    EvidenceKind.LICENSES,
    EvidenceKind.VULNERABILITIES,
)
REMEDY = "scan the image, or upload a report"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to gather: the kinds that rules ask for, and whose word counts.

    `origins` are the uploads and own scanners that the policy names. `by_target` says
    that only vulnerabilities hidden by admins of the target do not count:
    `exceptions_by` is that repository, None while it does not exist. `keys` are the
    names by which rules call the keys that signed.
    """

    needs: frozenset[EvidenceKind] = frozenset()
    origins: tuple[str, ...] = ()
    by_target: bool = False
    exceptions_by: Repository | None = None
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Gathered:
    """Facts, a hash of what they rest on, and the exceptions among that."""

    facts: ImageFacts
    version: str
    exceptions: list[dict[str, Any]]

    @cached_property
    def stored_facts(self) -> dict[str, object]:
        """The facts as each decision that rests on them keeps them."""
        return self.facts.to_json()


@dataclass(slots=True)
class _Used:
    """What the facts rest on, collected while they are gathered."""

    scans: set[int] = field(default_factory=set)
    exceptions: dict[int, VulnerabilityException] = field(default_factory=dict)
    signatures: signature_evidence.Used = field(default_factory=set)

    def version(self) -> str:
        found: list[list[Any]] = [sorted(self.scans), sorted(self.exceptions)]
        if self.signatures:  # so that the hashes of all other evidence stay the same
            found.append(sorted(self.signatures))
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def gather(move: TagMove, wanted: Wanted) -> Gathered:
    """Gather the facts of a push; the number of queries does not depend on policies."""
    used = _Used()
    manifest = move.to_manifest
    platforms = _platforms(move, manifest, wanted, used) if manifest else ()
    facts = ImageFacts(
        tag=move.tag,
        digest=manifest.digest if manifest else "",
        pushed_at=move.moved_at,
        pushed_by=_pusher(move),
        artifact_type=_artifact_type(manifest) if manifest else "",
        size=manifest.size if manifest else None,
        platforms=tuple(platforms),
        **_attached(move, wanted),
        **_signed(move, wanted, used),
    )
    exceptions = [_recorded(one) for one in used.exceptions.values()]
    return Gathered(facts, used.version(), exceptions)


def _pusher(move: TagMove) -> str:
    """Return who pushed; for a promotion, who is at the root of its chain."""
    if promotion_of(move.moved_by) is None:
        return move.moved_by
    return move.originated_by.get_username() if move.originated_by else ""


def _artifact_type(manifest: Manifest) -> str:
    """Return "" for an image or an index of images, else what it is."""
    if manifest.artifact_type:
        return manifest.artifact_type
    is_image = manifest.config_media_type in {"", *CONFIG_TYPES}
    return "" if is_image else manifest.config_media_type


def _attached(move: TagMove, wanted: Wanted) -> dict[str, Any]:
    if EvidenceKind.ATTACHMENTS not in wanted.needs or move.to_manifest is None:
        return {}
    digest = move.to_manifest.digest
    referring = Manifest.objects.held_by(move.repository).filter(subject_digest=digest)
    kinds = {
        _kind(artifact or config)
        for artifact, config in referring.values_list(
            "artifact_type", "config_media_type"
        )
    }
    base = digest.replace(":", "-")
    names = {f"{base}.sig": "signature", f"{base}.sbom": "sbom"}
    tags = Tag.objects.filter(repository=move.repository, name__in=names)
    kinds |= {names[name] for name in tags.values_list("name", flat=True)}
    return {"attachments": Evidence(frozenset(kinds), "the registry")}


def _signed(move: TagMove, wanted: Wanted, used: _Used) -> dict[str, Any]:
    if EvidenceKind.SIGNATURES not in wanted.needs or move.to_manifest is None:
        return {}
    evidence, used.signatures = signature_evidence.verified(
        move.repository, move.to_manifest, wanted.keys
    )
    return {"signatures": evidence}


def _kind(media_type: str) -> str:
    """Return the word rules use for common artifact types, else the type itself."""
    if "spdx" in media_type or "cyclonedx" in media_type:
        return "sbom"
    if "cosign" in media_type or "notary" in media_type or "sigstore" in media_type:
        return "signature"
    return media_type


def _platforms(
    move: TagMove, manifest: Manifest, wanted: Wanted, used: _Used
) -> list[PlatformFacts]:
    if not wanted.needs - {EvidenceKind.ATTACHMENTS, EvidenceKind.SIGNATURES}:
        return []
    images = _runnable(move.repository, manifest)
    scans = _scans(move.repository, images, wanted)
    hidden = _exceptions(move, images, wanted)
    chosen = {image.pk: _choose(image, scans[image.pk]) for image in images}
    used.scans = _keys(chosen.values(), wanted.needs.intersection(SCANNED))
    loaded = _Loaded.of(chosen.values(), wanted.needs)
    return [
        _platform(image, chosen[image.pk], loaded, _of(hidden, image, manifest), used)
        for image in images
    ]


def _of(
    hidden: Iterable[VulnerabilityException], image: Manifest, pushed: Manifest
) -> list[VulnerabilityException]:
    """Leave out what is hidden in another image of the same index only."""
    digests = {"", image.digest, pushed.digest}
    return [one for one in hidden if one.digest in digests]


def _runnable(repository: Repository, manifest: Manifest) -> list[Manifest]:
    """Return the image itself, or the runnable images of an index that are held.

    Attestations stand in an index as images of an unknown platform.
    """
    if manifest.config_digest or manifest.config_media_type:
        return [manifest]
    below = (
        Manifest.objects.held_by(repository)
        .filter(parents__index=manifest, subject_digest="")
        .exclude(os="unknown")
        .defer("raw")
        .order_by("id")
    )
    return list(below) or [manifest]


def _scans(
    repository: Repository, images: Iterable[Manifest], wanted: Wanted
) -> dict[int, list[Scan]]:
    rows = Scan.objects.trusted_in(repository, wanted.origins).filter(
        manifest__in=[image.pk for image in images], state=Scan.State.COMPLETED
    )
    found: dict[int, list[Scan]] = defaultdict(list)
    if wanted.needs.isdisjoint(SCANNED):
        return found
    for scan in rows.order_by("id"):
        found[scan.manifest_id].append(scan)
    return found


Choice = dict[EvidenceKind, "Scan | Missing"]


def _choose(image: Manifest, scans: list[Scan]) -> Choice:
    """Per kind the first scan that covers it, or why there is none."""
    return {kind: _first(image, scans, kind) for kind in SCANNED}


def _first(image: Manifest, scans: list[Scan], kind: EvidenceKind) -> Scan | Missing:
    gap: Missing | None = None
    for scan in scans:
        covered = scan.coverage.get(kind)
        if covered is None:
            continue
        if covered:
            gap = gap or _gap(scan, covered)
        elif kind is EvidenceKind.VULNERABILITIES and (old := _too_old(scan)):
            gap = gap or old
        else:
            return scan
    platform = image.platform or "the image"
    return gap or Missing(f"no scan of {platform} listed its {kind}", REMEDY)


def _gap(scan: Scan, covered: dict[str, Any]) -> Missing:
    return Missing(
        reason=str(covered.get("reason") or f"{scan.source or scan.origin} saw none"),
        remedy=str(covered.get("remedy", "")),
        unscannable=covered.get("unscannable") is True,
    )


def _too_old(scan: Scan) -> Missing | None:
    days = settings.EVIDENCE_MAX_AGE_DAYS
    at = _age_of(scan)
    if at is None or at > timezone.now() - timedelta(days=days):
        return None
    return Missing(f"the scan for vulnerabilities is older than {days} days", REMEDY)


def _age_of(scan: Scan) -> datetime | None:
    return scan.advisories_at or scan.finished_at


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The contents of the scans chosen, by the scan's key, two or three queries."""

    components: dict[int, list[Component]]
    findings: dict[int, list[tuple[Vulnerability, str]]]

    @classmethod
    def of(cls, choices: Iterable[Choice], needs: frozenset[EvidenceKind]) -> _Loaded:
        chosen = list(choices)
        listing = _keys(
            chosen, needs & {EvidenceKind.COMPONENTS, EvidenceKind.LICENSES}
        )
        finding = _keys(chosen, needs & {EvidenceKind.VULNERABILITIES})
        return cls(_components(listing), _findings(finding))


def _keys(choices: Iterable[Choice], kinds: Iterable[EvidenceKind]) -> set[int]:
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


def _findings(scans: set[int]) -> dict[int, list[tuple[Vulnerability, str]]]:
    found: dict[int, list[tuple[Vulnerability, str]]] = defaultdict(list)
    if not scans:
        return found
    rows = Finding.objects.filter(scan__in=scans)
    for scan, layer, identifier, aliases, *values in rows.order_by("id").values_list(
        *("scan", "layer_digest", "vulnerability__identifier"),
        *("vulnerability__aliases", "severity", "cvss3_score", "cvss2_score"),
        *("component__name", "component__version", "fixed_version"),
    ):
        found[scan].append((Vulnerability(identifier, tuple(aliases), *values), layer))
    return found


def _platform(
    image: Manifest,
    choice: Choice,
    loaded: _Loaded,
    hidden: list[VulnerabilityException],
    used: _Used,
) -> PlatformFacts:
    components = _listed(choice[EvidenceKind.COMPONENTS], loaded.components)
    licenses = _listed(choice[EvidenceKind.LICENSES], loaded.components)
    scan = choice[EvidenceKind.VULNERABILITIES]
    counted, excepted = _subtract(scan, loaded, hidden, used)
    facts = PlatformFacts(
        platform=image.platform,
        components=components,
        licenses=licenses,
        vulnerabilities=counted,
        hidden=excepted,
    )
    if image.labels is None:
        return facts
    return replace(facts, labels=Evidence(image.labels))


def _listed(
    scan: Scan | Missing, loaded: dict[int, list[Component]]
) -> Evidence[tuple[Component, ...]] | Missing:
    if isinstance(scan, Missing):
        return scan
    return Evidence(tuple(loaded[scan.pk]), _source(scan), scan.finished_at)


def _source(scan: Scan) -> str:
    return scan.source or scan.origin


def _subtract(
    scan: Scan | Missing,
    loaded: _Loaded,
    hidden: list[VulnerabilityException],
    used: _Used,
) -> tuple[Evidence[tuple[Vulnerability, ...]] | Missing, tuple[str, ...]]:
    """Split the findings into those that count and the ids of those hidden."""
    if isinstance(scan, Missing):
        return scan, ()
    counted, excepted = [], []
    for found, layer in loaded.findings[scan.pk]:
        exception = next((one for one in hidden if _covers(one, found, layer)), None)
        if exception is None:
            counted.append(found)
        else:
            used.exceptions[exception.pk] = exception
            excepted.append(found.id)
    evidence = Evidence(tuple(counted), _source(scan), _age_of(scan))
    return evidence, tuple(dict.fromkeys(excepted))


def _covers(
    exception: VulnerabilityException,
    found: Vulnerability,
    layer: str,
) -> bool:
    """Tell whether a finding is what the exception hides; empty fields mean any."""
    names = {name.upper() for name in (found.id, *found.aliases)}
    narrowed = (
        (exception.component_name, found.component),
        (exception.component_version, found.version),
        (exception.layer_digest, layer),
    )
    return exception.vulnerability.upper() in names and all(
        wanted in {"", seen} for wanted, seen in narrowed
    )


def _exceptions(
    move: TagMove, images: Iterable[Manifest], wanted: Wanted
) -> list[VulnerabilityException]:
    """Return what is hidden now where the image comes from, the oldest first."""
    if EvidenceKind.VULNERABILITIES not in wanted.needs:
        return []
    digests = {image.digest for image in images}
    if move.to_manifest:
        digests.add(move.to_manifest.digest)
    rows = VulnerabilityException.objects.in_force(timezone.now()).covering(
        move.repository, digests
    )
    found = list(rows.select_related("author").order_by("id"))
    by = wanted.exceptions_by
    if not wanted.by_target:
        return found
    if by is None:
        return []
    return [one for one in found if check(Actor(one.author), Action.ADMIN, by)]


def _recorded(exception: VulnerabilityException) -> dict[str, Any]:
    """Return an exception as it is kept with the decision that rests on it."""
    expires = exception.expires_at
    return {
        "id": str(exception.uuid),
        "vulnerability": exception.vulnerability,
        "component": exception.component_name,
        "reason": exception.reason,
        "author": exception.author.get_username(),
        "expires_at": expires and expires.isoformat(),
    }
