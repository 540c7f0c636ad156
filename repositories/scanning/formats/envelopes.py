"""What reports come wrapped in: attestations, Harbor's and GitHub's answers.

Signatures are not verified here: a wrapped report is worth what its bearer is.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repositories.registry import json_document
from repositories.scanning.formats import digests, harbor
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    mapping,
    moment,
    text,
)

if TYPE_CHECKING:
    from datetime import datetime

_MAX_LAYERS = 6
_SBOM_PREDICATES = ("https://spdx.dev/Document", "https://cyclonedx.org/")
_SCAN_PREDICATE = "https://cosign.sigstore.dev/attestation/vuln/"
_HARBOR_KEYS = (
    "application/vnd.security.vulnerability.report",
    "application/vnd.scanner.adapter.vuln.report.harbor+json",
    "application/vnd.security.sbom.report+json",
)


@dataclass(slots=True)
class Envelope:
    """What wrappers say of the report within; the outermost that says a thing counts.

    Empty where nothing was wrapped.
    """

    source: str = ""
    digests: set[str] = field(default_factory=set)
    generated_at: datetime | None = None


def opened(document: Any) -> tuple[Any, Envelope]:
    """Return the report within, and what the wrappers say; raises UnreadableReport."""
    envelope = Envelope()
    for _ in range(_MAX_LAYERS):
        inner = _within(document, envelope) if isinstance(document, dict) else None
        if inner is None:
            return document, envelope
        document = inner
    raise UnreadableReport("The report is wrapped too often.")


def _within(document: dict[str, Any], envelope: Envelope) -> Any:
    """Return what a wrapper holds, None if the document is none."""
    if "dsseEnvelope" in document:  # a bundle of Sigstore's
        return mapping(document["dsseEnvelope"], "dsseEnvelope")
    if "payloadType" in document and "payload" in document:
        return _payload(document)
    if "predicateType" in document:
        return _predicate(document, envelope)
    if "media_type" in document and "sbom" in document:
        return _harbor_sbom(document, envelope)
    return _only_member(document)


def _only_member(document: dict[str, Any]) -> Any:
    """Return the report in Harbor's, GitHub's and buildx's objects around one."""
    for key in _HARBOR_KEYS:
        for name, value in document.items():
            if name.partition(";")[0].strip() == key:
                return mapping(value, name)
    if document.keys() == {"sbom"}:
        return mapping(document["sbom"], "sbom")
    if document.keys() == {"SPDX"}:
        return mapping(document["SPDX"], "SPDX")
    return None


def _payload(document: dict[str, Any]) -> Any:
    payload = document["payload"]
    if not isinstance(payload, str):
        raise UnreadableReport("The attestation's payload must be a text.")
    try:
        raw = b64decode(payload)
    except ValueError:
        raise UnreadableReport("The attestation's payload is not base64.") from None
    return mapping(_parsed(raw, "payload"), "payload")


def _parsed(raw: bytes, where: str) -> Any:
    try:
        return json_document.load(raw)
    except json_document.InvalidDocument as error:
        raise UnreadableReport(f"{where} cannot be read: {error}.") from None


def _predicate(document: dict[str, Any], envelope: Envelope) -> Any:
    kind = text(document, "predicateType")
    subjects = {
        f"{algorithm}:{value}"
        for subject in children(document, "subject")
        for algorithm, value in child(subject, "digest").items()
    }
    envelope.digests = envelope.digests or digests.digests(subjects)
    predicate = document.get("predicate")
    if kind.startswith(_SCAN_PREDICATE):
        return _result_of_scan(predicate, envelope)
    if not kind.startswith(_SBOM_PREDICATES):
        raise UnreadableReport(
            f"An attestation of the type {kind or 'unknown'} is no report."
        )
    if isinstance(predicate, dict) and "Data" in predicate:  # cosign's before 2.0
        predicate = predicate["Data"]
    if isinstance(predicate, str):
        predicate = _parsed(predicate.encode("utf-8", "replace"), "predicate")
    return mapping(predicate, "predicate")


def _result_of_scan(predicate: Any, envelope: Envelope) -> Any:
    found = mapping(predicate, "predicate")
    metadata = child(found, "metadata")
    scanned = moment(metadata, "scanFinishedOn")
    envelope.generated_at = envelope.generated_at or scanned
    return mapping(child(found, "scanner").get("result"), "predicate.scanner.result")


def _harbor_sbom(document: dict[str, Any], envelope: Envelope) -> Any:
    envelope.source = envelope.source or harbor.scanner(document)
    envelope.digests = envelope.digests or harbor.artifact(document)
    generated = moment(document, "generated_at")
    envelope.generated_at = envelope.generated_at or generated
    sbom = document["sbom"]
    if isinstance(sbom, str):
        sbom = _parsed(sbom.encode("utf-8", "replace"), "sbom")
    return mapping(sbom, "sbom")
