"""Arch Linux and its kin: pacman's local database, a folder for each package."""

from __future__ import annotations

import re

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    decoded,
    licenses_of,
    value_of,
)

DESCRIPTION = "pacman"

_MOST = 256 * 1024
_PLACE = re.compile(r"var/lib/pacman/local/[^/]+/desc")
_SECTION = re.compile(
    r"^%(NAME|VERSION|BASE|ARCH|LICENSE)%\n((?:.+\n?)*)", re.MULTILINE
)


def is_installed(path: str) -> bool:
    """Tell whether a path is of an installed package's description."""
    return _PLACE.fullmatch(path) is not None


def read_description(content: bytes, _path: str) -> FoundFile | None:
    """Read a package's description; None where it has no name and version."""
    found = dict(_SECTION.findall(decoded(content[:_MOST])))
    name, version = value_of(found.get("NAME")), value_of(found.get("VERSION"))
    if not name or not version:
        return None
    base = value_of(found.get("BASE"))
    qualifiers = {"arch": value_of(found.get("ARCH"))}
    qualifiers["upstream"] = base if base != name else ""
    package = Package(
        "alpm",
        name,
        version,
        qualifiers=tuple(pair for pair in qualifiers.items() if pair[1]),
        licenses=licenses_of(found.get("LICENSE", "").splitlines()),
    )
    return FoundFile(DESCRIPTION, (package,))
