"""Node.js: the package.json of what is installed below node_modules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    json_value,
    licenses_of,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "npm"
_PLACE = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^@/][^/]*/package\.json$")


def is_installed(path: str) -> bool:
    """Tell whether a package.json is an installed package's own."""
    return _PLACE.search(path) is not None


def read_manifest(content: bytes, _path: str) -> FoundFile | None:
    """Read a package.json; None where it has no name and version."""
    manifest = json_value(content)
    if not isinstance(manifest, dict):
        return None
    full_name, version = (
        value_of(manifest.get("name")),
        value_of(manifest.get("version")),
    )
    if not full_name or not version:
        return None
    scope, _, name = full_name.rpartition("/")
    if not name:
        return None
    licenses = licenses_of(_licenses(manifest))
    package = Package("npm", name, version, namespace=scope, licenses=licenses)
    return FoundFile(MANIFEST, (package,))


def _licenses(manifest: dict[str, Any]) -> Iterator[object]:
    """Yield the license in all the forms that npm ever had."""
    for key in ("license", "licenses"):
        stated = manifest.get(key)
        for each in stated if isinstance(stated, list) else [stated]:
            yield (
                each.get("type") or each.get("name") if isinstance(each, dict) else each
            )
