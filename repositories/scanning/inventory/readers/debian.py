"""Debian and its kin: dpkg's status, and the copyright files of the packages.

deb-status(5); Debian Policy 12.5; copyright format 1.0.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from debian_inspector import deb822

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    decoded,
    fields_of,
    licenses_of,
    paragraphs,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = "dpkg"
COPYRIGHT = "copyright"

_FIELDS = fields_of("Package Status Version Architecture Source")
_NOT_THERE = {"not-installed", "config-files", "half-installed"}
_SOURCE = re.compile(r"(\S+)(?:\s+\(([^)]*)\))?")
_MACHINE_READABLE = re.compile(
    r"^format(-specification)?:", re.IGNORECASE | re.MULTILINE
)
_FIELD_OR_BLANK = re.compile(r"^(?:[A-Za-z][A-Za-z0-9-]*:.*|[ \t\r]*)$", re.MULTILINE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9][A-Za-z0-9.+-]*)")
_LATER = re.compile(
    r"\b(any|or)\s+later\b|\bor\s+\(at\s+your\s+option\)", re.IGNORECASE
)
_STATED_VERSION = re.compile(r"\bversion\s+([1-3](?:\.[0-9])?)\b", re.IGNORECASE)
_GNU = re.compile(r"(L?GPL|GFDL)(?:-([0-9.]+))?")
_HEAD = 4_096  # characters within which a copyright file says its format
_MAX_LINES = 50_000  # fields and blank lines of a copyright file
_WINDOW = 4_096  # characters before a reference that speak of the same license


def read_status(content: bytes, _path: str) -> FoundFile:
    """Read dpkg's status, or one paragraph of it in status.d (as distroless has)."""
    found = paragraphs(content, _FIELDS)
    packages = (_package(fields) for fields in found if _is_installed(fields))
    return FoundFile(STATUS, tuple(package for package in packages if package))


def read_copyright(content: bytes, _path: str) -> FoundFile:
    """Read the licenses that a copyright file names, or refers to."""
    text = decoded(content)
    names: list[str] = []
    if _MACHINE_READABLE.search(text[:_HEAD]):
        names = _named_licenses(text)
    return FoundFile(COPYRIGHT, licenses=licenses_of(names or _references(text)))


def _is_installed(fields: dict[str, str]) -> bool:
    words = fields.get("Status", "install ok installed").split()
    return words[-1:] != [] and words[-1] not in _NOT_THERE


def _package(fields: dict[str, str]) -> Package | None:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    if not name or not version:
        return None
    qualifiers = {"arch": fields.get("Architecture", "")}
    qualifiers["upstream"] = _upstream(fields.get("Source", ""), name, version)
    return Package(
        "deb",
        name,
        version,
        qualifiers=tuple(pair for pair in qualifiers.items() if pair[1]),
    )


def _upstream(source: str, name: str, version: str) -> str:
    """Return the source package where it is called otherwise, with its own version."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return ""
    source_version = found[2] or version
    if source_version != version:
        return f"{found[1]}@{source_version}"
    return found[1] if found[1] != name else ""


def _named_licenses(text: str) -> list[str]:
    """Return the short names of a machine-readable file.

    The paragraphs that only give a license's text count where nothing else names one.
    Continued lines hold texts, which are left out.
    """
    of_files: list[str] = []
    alone: list[str] = []
    lines = islice(_FIELD_OR_BLANK.finditer(text), _MAX_LINES)
    plain = "\n".join(line[0] for line in lines)
    for fields in deb822.get_paragraphs_as_field_groups(plain):
        names = {field.name for field in fields}
        stated = [
            _short_name(field.text) for field in fields if field.name == "license"
        ]
        is_alone = not names & {"files", "format", "format-specification"}
        (alone if is_alone else of_files).extend(name for name in stated if name)
    return of_files or alone


def _short_name(text: str) -> str:
    return value_of(text.partition("\n")[0])


def _references(text: str) -> Iterator[str]:
    """Yield the licenses in /usr/share/common-licenses that a text refers to."""
    begun = 0
    for found in _COMMON.finditer(text):
        before = text[max(begun, found.start() - _WINDOW) : found.start()]
        begun = found.end()
        yield _license(found[1].rstrip("."), before)


def _license(name: str, before: str) -> str:
    """Return a license by the name of its text and what was said before it."""
    gnu = _GNU.fullmatch(name)
    if gnu is None:
        return name
    stated = _STATED_VERSION.findall(before)
    version = gnu[2] or (stated[-1] if stated else "")
    later = "+" if version and _LATER.search(before) else ""
    return f"{gnu[1]}-{version}{later}" if version else name
