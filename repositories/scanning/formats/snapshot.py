"""GitHub's dependency snapshots: components, and nothing else."""

from __future__ import annotations

from typing import Any

from repositories.scanning.formats import digests
from repositories.scanning.formats.reading import Reading, tool
from repositories.scanning.formats.values import child, mapping, moment, text
from repositories.scanning.report import Kind, Place

NAME = "GitHub dependency snapshot"


def read(document: dict[str, Any]) -> Reading:
    """Read a snapshot, whichever its `version` is."""
    detector = child(document, "detector")
    source = tool(text(detector, "name"), text(detector, "version"))
    reading = Reading(NAME, source=source)
    reading.generated_at = moment(document, "scanned")
    _read_subject(reading, document)
    manifests = mapping(document.get("manifests"), "manifests")
    for name, manifest in manifests.items():
        _read_manifest(reading, f"manifests[{name[:80]!r}]", manifest)
    reading.cover(Kind.COMPONENTS)
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document looks like a snapshot."""
    return isinstance(document, dict) and {"manifests", "detector"} <= document.keys()


def _read_subject(reading: Reading, document: dict[str, Any]) -> None:
    metadata = child(document, "metadata")
    reading.digests = digests.named(text(metadata, "aquasecurity:trivy:RepoDigest"))
    image = text(metadata, "aquasecurity:trivy:ImageID")
    reading.config_digests = digests.digests([image])


def _read_manifest(reading: Reading, where: str, value: Any) -> None:
    manifest = mapping(value, where)
    resolved = manifest.get("resolved")
    path = text(child(manifest, "file"), "source_location").strip("/")
    places = [Place(path=path)] if path else []
    if resolved is None:
        return
    for name, package in mapping(resolved, f"{where}.resolved").items():
        found = mapping(package, f"{where}.resolved[{name[:80]!r}]")
        purl = reading.known(text(found, "package_url", 2000), name)
        reading.add_component(purl, places=places)
