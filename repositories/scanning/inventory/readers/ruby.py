"""Ruby: the specifications of installed gems."""

from __future__ import annotations

import re

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    decoded,
    licenses_of,
    value_of,
)

SPECIFICATION = "gem"

_MOST = 64 * 1024
_PLACE = re.compile(r"(?:^|/)specifications/(?:default/)?[^/]+\.gemspec$")
_STUB = re.compile(r"^# stub: (\S+) (\S+) ", re.MULTILINE)
_LICENSES = re.compile(r"^\s*\w+\.licenses?\s*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def is_installed(path: str) -> bool:
    """Tell whether a gemspec is among those of installed gems."""
    return _PLACE.search(path) is not None


def read_specification(content: bytes, _path: str) -> FoundFile | None:
    """Read the line that RubyGems itself reads; None where there is none."""
    text = decoded(content[:_MOST])
    stub = _STUB.search(text)
    if stub is None:
        return None
    stated = _LICENSES.search(text)
    quoted = _QUOTED.findall(stated[1]) if stated else []
    licenses = licenses_of(double or single for double, single in quoted)
    name, version = value_of(stub[1]), value_of(stub[2])
    return FoundFile(SPECIFICATION, (Package("gem", name, version, licenses=licenses),))
