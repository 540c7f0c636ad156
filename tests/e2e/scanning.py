"""What scans of a stack found, and the advisories that they are matched against."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e.backstage import manage, rows
from tests.e2e.people import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.people import Person
    from tests.images import Layer
    from tests.stack.stack import Stack

BUILT_IN = "built-in"
PATIENCE = 60.0
SCANS = """
    SELECT s.id, s.origin, s.state, s.error, s.attempts, s.trigger, s.distribution,
        s.coverage, s.component_count, s.critical_count, s.major_count, s.minor_count,
        s.vulnerability_count, s.revision, s.is_current
    FROM repositories_scan s
    JOIN repositories_manifest m ON m.id = s.manifest_id
    WHERE m.digest = ? ORDER BY s.id
"""
SIGHTINGS = """
    SELECT c.purl, f.layer_digest, f.path, l.name AS license
    FROM repositories_scancomponent f
    JOIN repositories_component c ON c.id = f.component_id
    LEFT JOIN repositories_scancomponent_licenses t ON t.scancomponent_id = f.id
    LEFT JOIN repositories_license l ON l.id = t.license_id
    WHERE f.scan_id = ?
"""
FINDINGS = """
    SELECT v.identifier, c.purl, f.fixed_version, f.cvss3_score
    FROM repositories_finding f
    JOIN repositories_component c ON c.id = f.component_id
    JOIN repositories_vulnerability v ON v.id = f.vulnerability_id
    WHERE f.scan_id = ?
"""
# CVSS 3.1 of the same weakness, the less that is lost the lower.
VECTORS = {
    9.8: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    5.3: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",
    3.7: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a component was seen, and under which licenses."""

    licenses: frozenset[str]
    layer: str
    path: str


def scans(stack: Stack, digest: str) -> list[dict[str, Any]]:
    """Return all scans of an image, the oldest first."""
    return rows(stack, SCANS, digest)


def scan_of(stack: Stack, digest: str, origin: str = BUILT_IN) -> dict[str, Any]:
    """Wait until a scan of the image has ended, whatever became of it."""

    def ended() -> list[dict[str, Any]]:
        return [
            scan
            for scan in scans(stack, digest)
            if scan["origin"] == origin and scan["state"] in {"completed", "failed"}
        ]

    return dict(wait_for(ended, PATIENCE)[-1])


def sightings(stack: Stack, scan: dict[str, Any]) -> dict[str, Sighting]:
    """Return what a scan saw, by purls without their qualifiers."""
    licenses: dict[str, set[str]] = defaultdict(set)
    places = {}
    for row in rows(stack, SIGHTINGS, scan["id"]):
        purl = row["purl"].partition("?")[0]
        places[purl] = row["layer_digest"], row["path"]
        licenses[purl] |= {row["license"]} - {None}
    return {
        purl: Sighting(frozenset(licenses[purl]), *place)
        for purl, place in places.items()
    }


def findings(stack: Stack, scan: dict[str, Any]) -> set[tuple[str, str]]:
    """Return pairs of a vulnerability and the name of what has it."""
    return {
        (row["identifier"], row["purl"].partition("@")[0].rpartition("/")[2])
        for row in rows(stack, FINDINGS, scan["id"])
    }


def counted(scan: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return how many are critical, major, minor, and all together."""
    kinds = ("critical", "major", "minor", "vulnerability")
    critical, major, minor, every = (scan[f"{kind}_count"] for kind in kinds)
    return critical, major, minor, every


def advisory(
    folder: Path,
    identifier: str,
    ecosystem: str,
    package: str,
    *,
    fixed: str,
    score: float = 9.8,
) -> None:
    """Write a record in the OSV format: all versions before `fixed` are affected."""
    record = {
        "schema_version": "1.7.0",
        "id": identifier,
        "modified": "2026-11-01T00:00:00Z",
        "summary": f"{package} does what it should not.",
        "severity": [{"type": "CVSS_V3", "score": VECTORS[score]}],
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": fixed}],
                    }
                ],
            }
        ],
    }
    (folder / f"{identifier}.json").write_text(json.dumps(record))


def load(stack: Stack, folder: Path) -> None:
    """Load the advisories of a folder, as the operator does every night."""
    manage(stack, "load_advisories", str(folder))


def lose(stack: Stack, layer: Layer) -> None:
    """Make a layer unreadable in the registry: whoever reads it now notices."""
    name = layer.digest.removeprefix("sha256:")
    (stored,) = stack.state.registry_storage.rglob(f"blobs/sha256/*/{name}/data")
    stored.write_bytes(bytes(stored.stat().st_size))


def decision(
    person: Person, repository: str, tag: str, verdict: str, target: str = ""
) -> dict[str, Any]:
    """Wait for the verdict on a tag, of the only policy or that into the target."""
    path = f"/repositories/{repository}/tags/{tag}/decisions"

    def answered() -> list[dict[str, Any]]:
        response = person.api("GET", path)
        return [
            one
            for one in (response.json() if response.ok else [])
            if one["verdict"] == verdict and target in {"", one["targetRepository"]}
        ]

    (found,) = wait_for(answered, PATIENCE)
    return dict(found)


def failing(decided: dict[str, Any]) -> dict[str, str]:
    """Return the sentences of the rules that do not hold, by their fields."""
    return {
        outcome["rule"]["field"]: outcome["sentence"]
        for outcome in decided["outcomes"]
        if outcome["result"] == "fails"
    }


def cyclonedx(components: dict[str, str]) -> dict[str, Any]:
    """Return a bill of materials without vulnerabilities: licenses by purl."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {
                "type": "library",
                "name": purl.partition("@")[0].rpartition("/")[2],
                "version": purl.partition("@")[2],
                "purl": purl,
                "licenses": [{"license": {"id": name}}],
            }
            for purl, name in components.items()
        ],
        "vulnerabilities": [],
    }
