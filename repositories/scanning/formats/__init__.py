"""Reading the reports that scanners write: which format it is follows from content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import (
    cyclonedx,
    document,
    envelopes,
    grype,
    harbor,
    sarif,
    snapshot,
    spdx,
    trivy,
)
from repositories.scanning.formats.document import MAX_BYTES
from repositories.scanning.formats.values import UnreadableReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.scanning.formats.document import Stream
    from repositories.scanning.formats.reading import Reading
    from repositories.scanning.report import Kind, Report

__all__ = ["FORMATS", "MAX_BYTES", "UnreadableReport", "read"]

_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Reading]], ...] = (
    (cyclonedx.is_report, cyclonedx.read),
    (spdx.is_report, spdx.read),
    (sarif.is_report, sarif.read),
    (trivy.is_report, trivy.read),
    (grype.is_report, grype.read),
    (snapshot.is_report, snapshot.read),
    (harbor.is_report, harbor.read),
)
FORMATS = (
    "Trivy JSON",
    "Grype JSON",
    "Harbor's vulnerability and SBOM reports",
    "CycloneDX 1.2 to 1.7 (JSON)",
    "SPDX 2.2 and 2.3 (JSON)",
    "SARIF 2.1",
    "GitHub's dependency snapshot",
)


def read(
    source: Stream | bytes,
    max_bytes: int = MAX_BYTES,
    complete: frozenset[Kind] = frozenset(),
) -> Report:
    """Read a report of any format; raises UnreadableReport with a sentence.

    `complete` are the kinds of evidence of which the bearer says that the report lists
    all there is. That decides where the report cannot tell, and makes the packages that
    findings mention the list of components where there is no other; gaps that the
    report shows itself remain. The whole body is held in memory, up to `max_bytes`.
    """
    found, envelope = envelopes.opened(document.load(source, max_bytes))
    reading = _read(found)
    reading.source = envelope.source or reading.source or reading.format
    reading.digests = envelope.digests or reading.digests
    reading.generated_at = envelope.generated_at or reading.generated_at
    return reading.report(complete)


def _read(found: Any) -> Reading:
    for is_report, reader in _READERS:
        if is_report(found):
            return reader(found)
    raise UnreadableReport(
        f"{_described(found)} It must be one of: {', '.join(FORMATS)}."
    )


def _described(found: Any) -> str:
    if isinstance(found, dict):
        if "@graph" in found:
            return "SPDX 3 cannot be read yet."
        if "artifacts" in found and "artifactRelationships" in found:
            return "Syft's own JSON cannot be read: write cyclonedx-json or spdx-json."
        if found.get("version") and "runs" in found:
            return "This version of SARIF cannot be read."
    return "The format of the report is not known."
