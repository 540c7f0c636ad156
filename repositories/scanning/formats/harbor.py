"""The vulnerability reports of Harbor's scanner adapters, 1.0 and 1.1 alike."""

from __future__ import annotations

from typing import Any

from repositories.scanning.formats import digests, scores, trivy
from repositories.scanning.formats.reading import Finding, Reading, tool
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    link,
    moment,
    objects,
    text,
    texts,
)
from repositories.scanning.report import Kind

NAME = "Harbor vulnerability report"


def read(document: dict[str, Any]) -> Reading:
    """Read a report; adapters name packages without their ecosystem."""
    reading = Reading(NAME, source=scanner(document))
    reading.digests = artifact(document)
    reading.generated_at = moment(document, "generated_at")
    for place, found in objects(document, "vulnerabilities", ""):
        reading.digests |= digests.digests(texts(found, "artifact_digests"))
        reading.add_finding(_finding(reading, place, found))
    reading.cover(Kind.VULNERABILITIES)
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document looks like an adapter's.

    Of a clean image the list may be null, and Trivy's adapter leaves it out: then the
    worst severity, which reports of SBOMs have none of, tells what it is.
    """
    if not isinstance(document, dict) or not isinstance(document.get("scanner"), dict):
        return False
    left_out = {"artifact", "severity"} <= document.keys() and not (
        document.keys() & {"media_type", "sbom"}
    )
    return "vulnerabilities" in document or left_out


def scanner(document: dict[str, Any]) -> str:
    """Return the scanner that an adapter's report names, with its version."""
    found = child(document, "scanner")
    return tool(text(found, "name"), text(found, "version"))


def artifact(document: dict[str, Any]) -> set[str]:
    """Return the digest that an adapter's report says it is of."""
    return digests.digests([text(child(document, "artifact"), "digest")])


def _finding(reading: Reading, place: str, found: dict[str, Any]) -> Finding:
    name = text(found, "id", 100)
    if not name:
        raise UnreadableReport(f"{place} has no id.")
    layer = digests.digest(text(child(found, "layer"), "digest"))
    return Finding(
        name=name,
        purl=reading.known("", text(found, "package"), text(found, "version")),
        severity=text(found, "severity", 20),
        rating=_rating(found),
        fixed_version=text(found, "fix_version"),
        summary=text(found, "description"),
        link=link(*texts(found, "links", 1000)),
        layer=layer,
    )


def _rating(found: dict[str, Any]) -> scores.Scores:
    given = child(found, "preferred_cvss")
    if not given:  # Trivy's adapter passes on what Trivy knows
        return trivy.rating(child(found, "vendor_attributes"))
    return scores.joined(
        scores.read(given.get("score_v3"), text(given, "vector_v3"), "3"),
        scores.read(given.get("score_v2"), text(given, "vector_v2"), "2"),
    )
