"""Where the writers of SARIF put the package that a vulnerability is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.formats.values import child, children, plain, text, texts

if TYPE_CHECKING:
    from repositories.scanning.formats.reading import Reading

_LABEL = re.compile(
    r"^\s*([A-Z][A-Za-z ]{2,20}?)\s*:[ \t]*([^\n]{0,500})", re.MULTILINE
)
_SENTENCE = re.compile(r"reports (\S+) at version (\S+) .{0,60}?\(([\w-]+)\) package")
_NAME_AND_VERSION = re.compile(r"(@?[^@\s:]+)@([^@\s/:]+)")
_MAX_HELP = 20_000


def labels(rule: dict[str, Any], result: dict[str, Any]) -> dict[str, str]:
    """Return the lines "Package: x" of the help and the message; the message counts.

    The rule's help may speak of another package with the same vulnerability.
    """
    found: dict[str, str] = {}
    for owner, key in ((rule, "help"), (result, "message")):
        written = child(owner, key).get("text")
        if isinstance(written, str):
            for name, value in _LABEL.findall(written[:_MAX_HELP]):
                found[name.lower()] = plain(value)
    return found


def affected(
    reading: Reading,
    told: dict[str, str],
    properties: dict[str, Any],
    result: dict[str, Any],
) -> str:
    """Return the purl of the package, made from the file's name if need be."""
    for key in ("purls", "purl"):
        for identifier in texts(properties, key, 2000):
            if found := reading.purl(identifier):
                return found
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
