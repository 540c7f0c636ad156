"""MSR's shapes: schema.ScannedImage and its parts, and the summaries of tags."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repositories.models import ManifestLayer
from repositories.scanning.report import Kind
from repositories.scanning.severity import Counts
from repositories.services.answers.choosing import is_old
from repositories.services.answers.summary import Progress

if TYPE_CHECKING:
    from repositories.models import Repository, Scan, VulnerabilityException
    from repositories.services.answers.contents import Contents, Detail, Row
    from repositories.services.answers.found import Known
    from repositories.services.answers.summary import Summary

NEVER = "0001-01-01T00:00:00Z"  # how MSR writes that there is no such time
STATUS = {
    Progress.FAILED: 0,
    Progress.UNSCANNED: 1,
    Progress.NO_IMAGE: 1,
    Progress.RUNNING: 2,
    Progress.QUEUED: 3,
    Progress.INVENTORIED: 4,
    Progress.SCANNED: 6,
}
"""MSR's scanStatus; 5, checking a list of components, is no state of its own here."""


@dataclass(frozen=True, slots=True)
class Named:
    """Under which name an image is shown; `tag` is "" for a digest without one."""

    repository: Repository
    tag: str


def scan_summary(named: Named, contents: Contents) -> dict[str, Any]:
    """Return responses.ScanSummary; `gaps` and `scans` are additions of ours."""
    scan = contents.scan_for(Kind.VULNERABILITIES)
    return {
        "scanStatus": STATUS[contents.image.progress],
        "scannedImage": _scanned_image(named, contents),
        "shouldRescan": scan is None or is_old(scan),
        "gaps": {
            kind: {"reason": answer.gap, "remedy": answer.remedy}
            for kind, answer in contents.image.answers.items()
            if answer.gap
        },
        "scans": [scan_of(one) for one in contents.image.scans],
    }


def scan_of(scan: Scan) -> dict[str, Any]:
    """Return one scan: ours, MSR knows one scanner only."""
    repository, namespace = scan.trusted_repository, scan.trusted_namespace
    return {
        "id": scan.uuid,
        "origin": scan.origin,
        "source": scan.source,
        "trigger": scan.trigger,
        "state": scan.state,
        "error": scan.error,
        "isCurrent": scan.is_current,
        "scope": str(repository or namespace or ""),
        "coverage": scan.coverage,
        "createdAt": scan.created_at,
        "finishedAt": scan.finished_at,
        "advisoriesAt": scan.advisories_at,
    }


def _scanned_image(named: Named, contents: Contents) -> dict[str, Any]:
    rows = contents.rows
    details = contents.details_of(rows)
    scores = [known.score for known in contents.known if not known.is_hidden]
    exceptions = {one.exception.pk: one.exception for one in contents.hidden}
    licenses = {name for detail in details.values() for name in detail.licenses}
    return {
        "pk": str(contents.manifest.uuid),
        "namespace": named.repository.namespace.name,
        "repository": named.repository.name,
        "tag": named.tag,
        "manifestDigest": contents.manifest.digest,
        "totalVulnCount": count(contents.counts),
        "licenses": [license_of(name) for name in sorted(licenses)],
        "layers": _layers(contents, details),
        "components": [component(row, details[row.pk]) for row in rows],
        "cves": [cve(known) for known in contents.known if not known.is_hidden],
        "maxCVSSValue": max((one for one in scores if one), default=0.0),
        "scannerFingerprint": {
            "scannerType": 0,
            "version": sorted({one.source for one in contents.image.scans} - {""}),
        },
        "vulnOverrides": [override(one) for one in exceptions.values()],
    }


def count(counts: Counts) -> dict[str, int]:
    """Return schema.ScannerVulnCount; `all` is ours."""
    return {
        "critical": counts.critical,
        "major": counts.major,
        "minor": counts.minor,
        "all": counts.all,
    }


def component(row: Row, detail: Detail) -> dict[str, Any]:
    """Return schema.ScannerComponent; what is hidden in it does not count."""
    return {
        "componentPK": row.purl or f"{row.name}@{row.version}",
        "name": row.name,
        "version": row.version,
        "filepaths": [place.path for place in detail.places if place.path],
        "cves": [known.name for known in row.known if not known.is_hidden],
        "licenses": detail.licenses,
        "source": row.purl.partition("/")[0].removeprefix("pkg:"),
        "vulnCount": count(row.counts),
    }


def cve(known: Known) -> dict[str, Any]:
    """Return schema.ScannerCVE; what follows the notes is ours."""
    return {
        "cvePK": known.name,
        "summary": known.summary,
        "cvss": known.score or 0.0,
        "notes": "",
        "severity": known.bucket,
        "aliases": known.names[1:],
        "cvssVector": known.vector,
        "link": known.link,
        "fixedVersions": sorted(
            {one.fixed_version for one in known.members if one.fixed_version}
        ),
    }


def license_of(name: str) -> dict[str, str]:
    """Return schema.ScannerLicense; addresses and kinds of licenses are not kept."""
    return {"name": name, "url": "", "type": ""}


def override(exception: VulnerabilityException) -> dict[str, Any]:
    """Return responses.LayerVulnOverride; what follows the notes is ours."""
    return {
        "pk": str(exception.uuid),
        "digest": exception.layer_digest,
        "component": exception.component_name,
        "componentVersion": exception.component_version,
        "cve": exception.vulnerability,
        "notes": exception.reason,
        "scope": exception.scope,
        "author": exception.author.get_username(),
        "createdAt": exception.created_at,
        "expiresAt": exception.expires_at,
    }


def old_summary(named: Named, summary: Summary) -> dict[str, Any]:
    """Return responses.OldScanSummary without details; `all` and `gap` are ours."""
    counts = summary.counts or Counts()
    return {
        "namespace": named.repository.namespace.name,
        "reponame": named.repository.name,
        "tag": named.tag,
        **count(counts),
        "last_scan_status": STATUS[summary.progress],
        "check_completed_at": summary.known_at or NEVER,
        "should_rescan": summary.known_at is None or bool(summary.gap),
        "has_foreign_layers": False,
        "gap": summary.gap,
    }


def _layers(contents: Contents, details: dict[int, Detail]) -> list[dict[str, Any]]:
    seen: dict[str, list[str]] = defaultdict(list)
    for row in contents.rows:
        for layer in {place.layer for place in details[row.pk].places}:
            seen[layer].append(row.purl or f"{row.name}@{row.version}")
    return [
        {
            "digest": layer.digest,
            "mediaType": layer.media_type,
            "author": contents.manifest.image_author,
            "size": layer.size,
            "components": seen[layer.digest],
        }
        for layer in ManifestLayer.objects.filter(manifest=contents.manifest).order_by(
            "position"
        )
    ]
