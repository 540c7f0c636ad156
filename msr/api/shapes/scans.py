"""What scans found, and what does not count of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape

COUNTS = dict.fromkeys(("critical", "major", "minor", "all"), int)
Counts = shape("Counts", **COUNTS)
License = shape("License", name=str, url=str, type=str)
COMPONENT = {
    "componentPK": str,
    "name": str,
    "version": str,
    "filepaths": [str],
    "cves": [str],
    "licenses": [str],
    "source": str,
    "vulnCount": Counts,
}
Component = shape("Component", **COMPONENT)
FoundComponent = shape(
    "FoundComponent", **COMPONENT, hidden=bool, fixedVersion=str, origin=str
)
Cve = shape(
    "Cve",
    cvePK=str,
    summary=str,
    cvss=float,
    notes=str,
    severity=str,
    aliases=[str],
    cvssVector=str,
    link=str,
    fixedVersions=[str],
)
Layer = shape(
    "Layer", digest=str, mediaType=str, author=str, size=int, components=[str]
)
Override = shape(
    "Override",
    pk=str,
    digest=str,
    component=str,
    componentVersion=str,
    cve=str,
    notes=str,
    scope=str,
    author=str,
    createdAt=datetime,
    expiresAt=Maybe(datetime),
)
Scan = shape(
    "Scan",
    id=UUID,
    origin=str,
    source=str,
    trigger=str,
    state=str,
    error=str,
    isCurrent=bool,
    scope=str,
    coverage=dict,
    createdAt=datetime,
    finishedAt=Maybe(datetime),
    advisoriesAt=Maybe(datetime),
)
Scanner = shape("ScannerFingerprint", scannerType=int, version=[str])
IMAGE = {
    "pk": str,
    "namespace": str,
    "repository": str,
    "tag": str,
    "manifestDigest": str,
    "totalVulnCount": Counts,
    "licenses": [License],
    "layers": [Layer],
    "cves": [Cve],
    "maxCVSSValue": float,
    "scannerFingerprint": Scanner,
    "vulnOverrides": [Override],
}
ScannedImage = shape("ScannedImage", **IMAGE, components=[Component])
FoundImage = shape("FoundImage", **IMAGE, components=[FoundComponent])
SUMMARY = {"scanStatus": int, "shouldRescan": bool}
Found = shape("Found", **SUMMARY, scannedImage=FoundImage)
ScanSummary = shape(
    "ScanSummary", **SUMMARY, scannedImage=ScannedImage, gaps=dict, scans=[Scan]
)
OLD_SUMMARY = {
    "namespace": str,
    "reponame": str,
    "tag": str,
    **COUNTS,
    "last_scan_status": int,
    "check_completed_at": str,
    "should_rescan": bool,
    "has_foreign_layers": bool,
    "gap": str,
}
OldSummary = shape("OldScanSummary", **OLD_SUMMARY)
Nothing = shape("Nothing")
ThinSummaries = shape("ThinSummaries", images=dict)
Report = shape(
    "Report",
    id=str,
    digest=str,
    origin=str,
    source=str,
    components=int,
    vulnerabilities=Counts,
    coverage=dict,
)
ScannerStatus = shape(
    "ScannerStatus",
    state=int,
    scanner_version=int,
    scannerUpdatedAt=str,
    db_version=int,
    db_updated_at=str,
    lastDBUpdateFailed=bool,
    lastVulnOverridesDBUpdateFailed=bool,
    replicas=dict,
    scanners=[str],
)
Hidden = shape(
    "VulnerabilityException",
    id=UUID,
    scope=str,
    digest=str,
    vulnerability=str,
    component=str,
    componentVersion=str,
    layer=str,
    reason=str,
    author=str,
    createdAt=datetime,
    expiresAt=Maybe(datetime),
    endedAt=Maybe(datetime),
    endedBy=Maybe(str),
)
HiddenList = shape("VulnerabilityExceptions", vulnerabilityExceptions=[Hidden])
