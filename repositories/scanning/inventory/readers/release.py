"""Which distribution an image is made of: os-release(5)."""

from __future__ import annotations

import re

from repositories.scanning.inventory.contents import FoundFile
from repositories.scanning.inventory.readers.text import decoded, value_of

RELEASE = "os-release"
_MOST = 64 * 1024
_LINE = re.compile(r"\s*(ID|VERSION_ID|VERSION_CODENAME)=(.*?)\s*")
_UNFIT = re.compile(r"[^a-z0-9._~+-]+")


def read_release(content: bytes, _path: str) -> FoundFile:
    """Read the distribution's id and version; what has none keeps its code name."""
    found: dict[str, str] = {}
    for line in decoded(content[:_MOST]).splitlines():
        if match := _LINE.fullmatch(line[:1024]):
            found[match[1]] = value_of(match[2].strip("\"'")).lower()
    name = _UNFIT.sub("-", found.get("ID", ""))
    version = found.get("VERSION_ID") or found.get("VERSION_CODENAME", "")
    return FoundFile(RELEASE, release=(name, _UNFIT.sub("-", version)) if name else ())
