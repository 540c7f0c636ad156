"""The facts of a push, from what the registry holds, scans, and what is attached."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promotions.rules import (
    Component,
    Evidence,
    EvidenceKind,
    ImageFacts,
    Missing,
    PlatformFacts,
    Vulnerability,
)
from promotions.services.evidence import signatures
from promotions.services.evidence.exceptions import hidden_in, recorded
from promotions.services.evidence.scans import (
    SCANNED,
    Choice,
    Loaded,
    age_of,
    choose,
    is_outdated,
    scans_of,
    used_in,
)
from promotions.services.evidence.wanted import Gathered, Used, Wanted
from repositories.models import Manifest, Scan, Tag, VulnerabilityException
from repositories.services.answers.found import covers
from repositories.services.image_config import CONFIG_TYPES
from repositories.services.manifests import runnable
from repositories.services.tags import promotion_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import TagMove

AGAIN = 5


def gather(move: TagMove, wanted: Wanted) -> Gathered:
    """Gather the facts of a push; the number of queries does not depend on policies."""
    used = Used()
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
    exceptions = [recorded(one) for one in used.exceptions.values()]
    return Gathered(facts, used.version(), exceptions, used.is_outdated)


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
    digest, holder = move.to_manifest.digest, wanted.held_by or move.repository
    referring = Manifest.objects.held_by(holder).filter(subject_digest=digest)
    kinds = {
        _kind(artifact or config)
        for artifact, config in referring.values_list(
            "artifact_type", "config_media_type"
        )
    }
    base = digest.replace(":", "-")
    names = {f"{base}.sig": "signature", f"{base}.sbom": "sbom"}
    tags = Tag.objects.filter(repository=holder, name__in=names)
    kinds |= {names[name] for name in tags.values_list("name", flat=True)}
    return {"attachments": Evidence(frozenset(kinds), "the registry")}


def _signed(move: TagMove, wanted: Wanted, used: Used) -> dict[str, Any]:
    if EvidenceKind.SIGNATURES not in wanted.needs or move.to_manifest is None:
        return {}
    evidence, used.signatures = signatures.verified(
        wanted.held_by or move.repository, move.to_manifest, wanted.keys
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
    move: TagMove, manifest: Manifest, wanted: Wanted, used: Used
) -> list[PlatformFacts]:
    if not wanted.needs - {EvidenceKind.ATTACHMENTS, EvidenceKind.SIGNATURES}:
        return []
    images = runnable(wanted.held_by or move.repository, manifest)
    hidden = hidden_in(move, images, wanted)
    chosen, loaded = _scanned(move, images, wanted, used)
    return [
        _platform(image, chosen[image.pk], loaded, _of(hidden, image, manifest), used)
        for image in images
    ]


def _scanned(
    move: TagMove, images: list[Manifest], wanted: Wanted, used: Used
) -> tuple[dict[int, Choice], Loaded]:
    """Choose the scans and read what they list: all as it was at one time.

    A scan that is matched anew in between may list less, and say that it does: what was
    read of it before and after must not be put together.
    """
    kinds = wanted.needs.intersection(SCANNED)
    for _ in range(AGAIN):
        scans = scans_of(move.repository, images, wanted)
        chosen = {image.pk: choose(image, scans[image.pk]) for image in images}
        used.is_outdated = any(
            is_outdated(chosen[image.pk], scans[image.pk]) for image in images
        )
        used.scans = used_in(chosen.values(), kinds)
        loaded = Loaded.of(chosen.values(), wanted.needs)
        if loaded.is_of(chosen.values()):
            return chosen, loaded
    message = "Scans of the image are matched again and again."
    raise RuntimeError(message)


def _of(
    hidden: Iterable[VulnerabilityException], image: Manifest, pushed: Manifest
) -> list[VulnerabilityException]:
    """Leave out what is hidden in another image of the same index only."""
    digests = {"", image.digest, pushed.digest}
    return [one for one in hidden if one.digest in digests]


def _platform(
    image: Manifest,
    choice: Choice,
    loaded: Loaded,
    hidden: list[VulnerabilityException],
    used: Used,
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
    loaded: Loaded,
    hidden: list[VulnerabilityException],
    used: Used,
) -> tuple[Evidence[tuple[Vulnerability, ...]] | Missing, tuple[str, ...]]:
    """Split the findings into those that count and the ids of those hidden."""
    if isinstance(scan, Missing):
        return scan, ()
    counted, excepted = [], []
    for found, layer in loaded.findings[scan.pk]:
        exception = next((one for one in hidden if covers(one, found, layer)), None)
        if exception is None:
            counted.append(found)
        else:
            used.exceptions[exception.pk] = exception
            excepted.append(found.id)
    evidence = Evidence(tuple(counted), _source(scan), age_of(scan))
    return evidence, tuple(dict.fromkeys(excepted))
