"""Lists of installed packages in JSON: PHP's Composer, conda, .NET."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import (
    json_value,
    licenses_of,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPOSER, CONDA, DOTNET = "composer", "conda", "dotnet"


def read_composer(content: bytes, _path: str) -> FoundFile:
    """Read vendor/composer/installed.json, of Composer 1 (a list) or 2."""
    found = json_value(content)
    listed = found.get("packages") if isinstance(found, dict) else found
    each = (_composer(entry) for entry in _objects(listed))
    return FoundFile(COMPOSER, tuple(package for package in each if package))


def read_conda(content: bytes, _path: str) -> FoundFile | None:
    """Read one file of conda-meta; None where it has no name and version."""
    for entry in _objects([json_value(content)]):
        name, version = value_of(entry.get("name")), value_of(entry.get("version"))
        if name and version:
            licenses = licenses_of([entry.get("license")])
            return FoundFile(
                CONDA, (Package("conda", name, version, "", (), licenses),)
            )
    return None


def read_dotnet(content: bytes, _path: str) -> FoundFile:
    """Read the .deps.json of a .NET program: the packages it was published with."""
    found = json_value(content)
    libraries = found.get("libraries") if isinstance(found, dict) else None
    names = libraries if isinstance(libraries, dict) else {}
    packages = (
        Package("nuget", value_of(name), value_of(version))
        for name, _, version in (key.partition("/") for key in _published(names))
    )
    return FoundFile(
        DOTNET, tuple(each for each in packages if each.name and each.version)
    )


def _composer(entry: dict[str, Any]) -> Package | None:
    vendor, _, name = value_of(entry.get("name")).partition("/")
    version = value_of(entry.get("version"))
    if not name or not version:
        return None
    stated = entry.get("license")
    licenses = licenses_of(stated if isinstance(stated, list) else [stated])
    return Package("composer", name, version, vendor, (), licenses)


def _published(libraries: dict[str, Any]) -> Iterator[str]:
    for key, entry in libraries.items():
        if isinstance(entry, dict) and entry.get("type") == "package":
            yield key


def _objects(found: object) -> Iterator[dict[str, Any]]:
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, dict):
            yield entry
