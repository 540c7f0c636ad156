"""What is known about an image when its rules are evaluated, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

WORST_STORED = 20
"""How many ids of vulnerabilities are kept with a decision, worst first."""

_WORDS = ("critical", "high", "medium", "low", "negligible")


class EvidenceKind(StrEnum):
    """What has to be gathered about an image, each from its own source."""

    COMPONENTS = "components"
    LICENSES = "licenses"
    VULNERABILITIES = "vulnerabilities"
    CONFIG = "config"
    ATTACHMENTS = "attachments"
    SIGNATURES = "signatures"


@dataclass(frozen=True, slots=True)
class Evidence(Generic[T]):
    """A value, who says so ("Trivy 0.55"), and the aware time it was gathered."""

    value: T
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why something is not known, and what to do about it; both without full stop.

    `unscannable`: a scan has finished, but could not see this.
    """

    reason: str
    remedy: str = ""
    unscannable: bool = False


NOT_SCANNED = Missing("no scan has finished", "upload a report, or scan the image")
CONFIG_NOT_READ = Missing("the image's configuration was not read")
NOT_LOOKED_FOR = Missing("what is attached to the image was not looked for")
NOT_VERIFIED = Missing("signatures were not verified")


@dataclass(frozen=True, slots=True)
class Component:
    """A package in the image; each license is an SPDX expression or a found name."""

    name: str
    version: str = ""
    purl: str = ""
    licenses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A finding in one component; `severity` is the scanner's word, "" if it has none.

    `aliases` are other names of the same vulnerability, `fixed_version` is "" where
    no fix is known.
    """

    id: str
    aliases: tuple[str, ...] = ()
    severity: str = ""
    cvss3: float | None = None
    cvss2: float | None = None
    component: str = ""
    version: str = ""
    fixed_version: str = ""


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """What is known of one platform, such as "linux/amd64"; "" is an unknown one.

    `hidden` are the vulnerabilities that exceptions hide; they are nowhere else.
    """

    platform: str = ""
    components: Evidence[tuple[Component, ...]] | Missing = NOT_SCANNED
    licenses: Evidence[tuple[Component, ...]] | Missing = NOT_SCANNED
    vulnerabilities: Evidence[tuple[Vulnerability, ...]] | Missing = NOT_SCANNED
    labels: Evidence[Mapping[str, str]] | Missing = CONFIG_NOT_READ
    hidden: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return a summary for a decision: counts, sources, the worst findings."""
        return {
            "platform": self.platform,
            "components": _summary(self.components),
            "licenses": _summary(self.licenses),
            "vulnerabilities": _summary(self.vulnerabilities),
            "labels": _summary(self.labels),
            "worst": _worst(self.vulnerabilities),
            "hidden": list(self.hidden[:WORST_STORED]),
            "hidden_count": len(self.hidden),
        }


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """One pushed tag; `pushed_at` is the aware time of the push, not of the build.

    `artifact_type` is "" for container images and indexes of such, `size` is in bytes.
    `platforms` has one entry per runnable platform; a plain image has one.
    `attachments` are the kinds attached ("signature", "sbom" or artifact types),
    `signatures` the names of the keys whose signature of the digest was verified.
    """

    tag: str
    digest: str
    pushed_at: datetime
    pushed_by: str = ""
    artifact_type: str = ""
    size: int | None = None
    platforms: tuple[PlatformFacts, ...] = ()
    attachments: Evidence[frozenset[str]] | Missing = NOT_LOOKED_FOR
    signatures: Evidence[tuple[str, ...]] | Missing = NOT_VERIFIED
    _index: Any = field(default=None, init=False, repr=False, compare=False)
    """What `index` works out once, for the many policies that ask."""

    def to_json(self) -> dict[str, object]:
        """Return the facts as stored with a decision; times are RFC 3339 in UTC."""
        known = {
            "pushed_by": self.pushed_by,
            "artifact_type": self.artifact_type,
            "size": self.size,
            "platforms": [platform.to_json() for platform in self.platforms],
        }
        return {
            "tag": self.tag,
            "digest": self.digest,
            "pushed_at": self.pushed_at.astimezone(UTC).isoformat(),
            **{key: value for key, value in known.items() if value or value == 0},
        }


def _summary(evidence: Evidence[Any] | Missing) -> dict[str, object]:
    if isinstance(evidence, Missing):
        return {"missing": evidence.reason}
    at = evidence.at
    return {
        "count": len(evidence.value),
        "source": evidence.source,
        "at": at and at.astimezone(UTC).isoformat(),
    }


def _worst(evidence: Evidence[tuple[Vulnerability, ...]] | Missing) -> list[str]:
    found = () if isinstance(evidence, Missing) else evidence.value
    ids = dict.fromkeys(one.id for one in sorted(found, key=_badness))
    return list(ids)[:WORST_STORED]


def _badness(found: Vulnerability) -> tuple[int, float]:
    word = found.severity.strip().lower()
    rank = _WORDS.index(word) if word in _WORDS else len(_WORDS)
    scores = [score for score in (found.cvss3, found.cvss2) if score and score > 0]
    return rank, -(scores[0] if scores else 0.0)
