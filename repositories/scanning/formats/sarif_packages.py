"""Where the writers of SARIF put the package that a vulnerability is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.formats.values import child, children, plain, text, texts

if TYPE_CHECKING:
    from repositories.scanning.formats.reading import Reading

_LABEL = re.compile(r"^ *([A-Z][A-Za-z ]{2,20}): *([^\n]{0,500})", re.MULTILINE)
_SENTENCE = re.compile(r"reports (\S+) at version (\S+) .{0,60}?\(([\w-]+)\) package")
_NAME_AND_VERSION = re.compile(r"(@?[^@\s:]+)@([^@\s/:]+)")
_MAX_TEXT = 20_000


def labels(owner: dict[str, Any], key: str) -> dict[str, str]:
    """Return the lines such as "Package: x" of a text."""
    written = child(owner, key).get("text")
    if not isinstance(written, str):
        return {}
    found = _LABEL.findall(written[:_MAX_TEXT])
    return {name.strip().lower(): plain(value) for name, value in found}


def affected(
    reading: Reading,
    told: dict[str, str],
    properties: dict[str, Any],
    result: dict[str, Any],
) -> list[str]:
    """Return the purls of the packages, made from the file's name if need be."""
    listed = [*texts(properties, "purls", 2000), *texts(properties, "purl", 2000)]
    if known := [found for one in listed if (found := reading.purl(one))]:
        return known
    return [_told(reading, told, result)]


def _told(reading: Reading, told: dict[str, str], result: dict[str, Any]) -> str:
    if name := told.get("package"):
        version = told.get("installed version") or told.get("version", "")
        return reading.known("", name, version, told.get("type", ""))
    return _in_sentence(reading, result) or _at_location(reading, result)


def _in_sentence(reading: Reading, result: dict[str, Any]) -> str:
    found = _SENTENCE.search(text(child(result, "message"), "text", 2000))
    return reading.known("", found[1], found[2], found[3]) if found else ""


def _at_location(reading: Reading, result: dict[str, Any]) -> str:
    path = ""
    for location in children(result, "locations"):
        for logical in children(location, "logicalLocations"):
            name = text(logical, "fullyQualifiedName", 2000)
            if found := _NAME_AND_VERSION.fullmatch(name):
                return reading.known("", found[1], found[2])
        physical = child(child(location, "physicalLocation"), "artifactLocation")
        path = path or text(physical, "uri", 2000)
    return reading.known("", path or "unknown")
