"""Python: metadata of installed distributions (core metadata specification)."""

from __future__ import annotations

from email.parser import HeaderParser
from typing import TYPE_CHECKING

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    decoded,
    licenses_of,
    value_of,
)
from repositories.scanning.licenses import is_known

if TYPE_CHECKING:
    from email.message import Message

METADATA = "python"
_CLASSIFIER = "License :: "
_LONGEST_HEAD = 512 * 1024  # bytes before the description
_NOTHING = {"", "unknown", "none", "license :: osi approved"}
_LONGEST_NAME = 120  # what is longer is a license's text


def read_metadata(content: bytes, _path: str) -> FoundFile | None:
    """Read METADATA or PKG-INFO; None where it names no distribution."""
    start = content[:_LONGEST_HEAD].replace(b"\r\n", b"\n")
    head = decoded(start.partition(b"\n\n")[0])
    message = HeaderParser().parsestr(head)
    name, version = value_of(message["Name"]), value_of(message["Version"])
    if not name or not version:
        return None
    package = Package("pypi", name, version, licenses=_licenses(message))
    return FoundFile(METADATA, (package,))


def _licenses(message: Message) -> tuple[str, ...]:
    """Return the expression, else what the classifiers or the old field name.

    What SPDX knows goes before what it does not; then the field, as it says more.
    """
    expression = value_of(message["License-Expression"])
    if expression:
        return licenses_of([expression])
    field = _named(str(message["License"] or ""))
    classified = [
        text
        for text in map(value_of, message.get_all("Classifier", []))
        if text.startswith(_CLASSIFIER) and text.lower() not in _NOTHING
    ]
    if classified and all(map(is_known, classified)) and not is_known(field):
        return licenses_of(classified)
    return licenses_of([field] if field else classified)


def _named(field: str) -> str:
    """Return the license that the old field names; "" for a text without a name."""
    first = field.strip().partition("\n")[0].strip()
    if first.lower() in _NOTHING:
        return ""
    is_text = "\n" in field.strip() or len(first) > _LONGEST_NAME
    return "" if is_text and not is_known(first) else first
