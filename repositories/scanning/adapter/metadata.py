"""What an adapter says of itself, as far as it can be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from repositories.scanning.adapter.kinds import ReportKind, plain

_DATABASE = "harbor.scanner-adapter/vulnerability-database-updated-at"
_MOST_CAPABILITIES = 20
_MOST_TYPES = 50
_LONGEST = 200  # characters of any text


@dataclass(frozen=True, slots=True)
class Capability:
    """Which images (`consumes`) it makes which reports of (`produces`).

    `is_typed` is False for adapters of version 1.0, which only know vulnerabilities.
    """

    type: str
    consumes: tuple[str, ...]
    produces: tuple[str, ...]
    sbom_media_types: tuple[str, ...] = ()
    is_typed: bool = True

    def makes(self, kind: ReportKind, mime_type: str) -> bool:
        """Tell whether it makes this report of images of that media type."""
        if self.type != kind.capability or plain(mime_type) not in self.consumes:
            return False
        formats = self.sbom_media_types or (ReportKind.SPDX.sbom_media_type,)
        is_offered = not kind.sbom_media_type or kind.sbom_media_type in formats
        return is_offered and plain(kind.media_type) in self.produces


@dataclass(frozen=True, slots=True)
class Metadata:
    """The scanner behind the adapter; `database_updated_at` is of its advisories."""

    name: str
    vendor: str
    version: str
    capabilities: tuple[Capability, ...] = ()
    database_updated_at: datetime | None = None

    @classmethod
    def read(cls, document: Any) -> Self | None:
        """Read an adapter's answer; None if it is none. The odd parts are left out."""
        fields = document if isinstance(document, dict) else {}
        scanner, listed = fields.get("scanner"), fields.get("capabilities")
        if not isinstance(scanner, dict) or not isinstance(listed, list):
            return None
        return cls(
            _text(scanner.get("name")),
            _text(scanner.get("vendor")),
            _text(scanner.get("version")),
            tuple(_capabilities(listed)),
            _moment(_mapping(fields.get("properties")).get(_DATABASE)),
        )

    def kinds_for(self, mime_type: str) -> tuple[ReportKind, ...]:
        """Return the reports to ask for of an image: of each sort the best, or none."""
        sorts = (
            (ReportKind.VULNERABILITIES, ReportKind.VULNERABILITIES_1_0),
            (ReportKind.CYCLONEDX, ReportKind.SPDX),
        )
        best = (
            next((kind for kind in sort if self.makes(kind, mime_type)), None)
            for sort in sorts
        )
        return tuple(kind for kind in best if kind is not None)

    def makes(self, kind: ReportKind, mime_type: str) -> bool:
        """Tell whether one of the capabilities makes this report."""
        return any(one.makes(kind, mime_type) for one in self.capabilities)

    @property
    def is_typed(self) -> bool:
        """False for an adapter of version 1.0."""
        return any(one.is_typed for one in self.capabilities)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it and shown to people."""
        moment = self.database_updated_at
        shown = asdict(self)
        shown["database_updated_at"] = moment.isoformat() if moment else ""
        return shown


def database_moment(kept: dict[str, Any]) -> datetime | None:
    """Return how new the advisories were, from what `as_json` returned."""
    return _moment(kept.get("database_updated_at"))


def _capabilities(listed: list[Any]) -> list[Capability]:
    entries = [
        entry for entry in listed[:_MOST_CAPABILITIES] if isinstance(entry, dict)
    ]
    return [
        Capability(
            _text(entry.get("type")) or "vulnerability",
            _types(entry.get("consumes_mime_types")),
            _types(entry.get("produces_mime_types")),
            _types(
                _mapping(entry.get("additional_attributes")).get("sbom_media_types")
            ),
            is_typed=bool(_text(entry.get("type"))),
        )
        for entry in entries
    ]


def _types(value: Any) -> tuple[str, ...]:
    listed = value[:_MOST_TYPES] if isinstance(value, list) else []
    return tuple(plain(_text(entry)) for entry in listed if _text(entry))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:_LONGEST] if c.isprintable()).strip()


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
