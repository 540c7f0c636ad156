"""The reports that adapters are asked for, and their media types."""

from __future__ import annotations

from enum import Enum

from repositories.scanning.report import Kind

METADATA = "application/vnd.scanner.adapter.metadata+json; version={}"
REQUEST = "application/vnd.scanner.adapter.scan.request+json; version={}"
RESPONSE = "application/vnd.scanner.adapter.scan.response+json; version=1.0"

IMAGE_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_REPORT_1_1 = "application/vnd.security.vulnerability.report; version=1.1"
_REPORT_1_0 = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0"
_SBOM_REPORT = "application/vnd.security.sbom.report+json; version=1.0"


class ReportKind(Enum):
    """A report by a letter, its media type, and for an SBOM the one of its format.

    Some adapters read but one media type in `Accept`: each request names one.
    """

    VULNERABILITIES = ("v", _REPORT_1_1, "")
    VULNERABILITIES_1_0 = ("w", _REPORT_1_0, "")
    CYCLONEDX = ("c", _SBOM_REPORT, "application/vnd.cyclonedx+json")
    SPDX = ("s", _SBOM_REPORT, "application/spdx+json")

    def __init__(self, letter: str, media_type: str, sbom_media_type: str) -> None:
        self.letter = letter
        self.media_type = media_type
        self.sbom_media_type = sbom_media_type

    @property
    def capability(self) -> str:
        """What adapters call the work that makes it."""
        return "sbom" if self.sbom_media_type else "vulnerability"

    @property
    def evidence(self) -> Kind:
        """What the report must at least be about."""
        return Kind.COMPONENTS if self.sbom_media_type else Kind.VULNERABILITIES


def plain(media_type: str) -> str:
    """Return a media type as it can be compared: adapters differ in case and blanks."""
    return "".join(media_type.lower().split())
