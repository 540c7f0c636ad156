"""Alpine and its kin: the database of apk-tools (apk, "installed" version 2)."""

from __future__ import annotations

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    fields_of,
    licenses_of,
    paragraphs,
)

INSTALLED = "apk"
_FIELDS = fields_of("P V A L o")


def read_installed(content: bytes, _path: str) -> FoundFile:
    """Read the list of installed packages."""
    packages = (_package(fields) for fields in paragraphs(content, _FIELDS))
    return FoundFile(INSTALLED, tuple(package for package in packages if package))


def _package(fields: dict[str, str]) -> Package | None:
    name, version = fields.get("P", ""), fields.get("V", "")
    if not name or not version:
        return None
    origin = fields.get("o", "")
    qualifiers = {"arch": fields.get("A", "")}
    qualifiers["upstream"] = origin if origin != name else ""
    return Package(
        "apk",
        name,
        version,
        qualifiers=tuple(pair for pair in qualifiers.items() if pair[1]),
        licenses=licenses_of([fields.get("L", "")]),
    )
