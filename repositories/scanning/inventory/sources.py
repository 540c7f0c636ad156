"""Which files of an image say what is installed, and what reads each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from repositories.scanning.inventory.readers import (
    alpine,
    arch,
    debian,
    manifests,
    npm,
    python,
    release,
    rpm,
    ruby,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from repositories.scanning.inventory.contents import FoundFile
    from repositories.scanning.inventory.limits import Limits

Reader: TypeAlias = "Callable[[bytes, str], FoundFile | None]"
"""Reads a whole file; None where it says nothing."""

ARCHIVE = "archive"
RPM_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
_RPM_NAMES = ("rpmdb.sqlite", "Packages", "Packages.db")
_JOURNAL = "rpmdb.sqlite-wal"
_ARCHIVES = (".jar", ".war", ".ear", ".egg")


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of file; `name` is what FoundFile.source says.

    Without a reader the file is a database that is read in a way of its own, or, with
    a problem, one that is not read.
    """

    name: str
    read: Reader | None = None
    problem: str = ""

    def limit(self, limits: Limits) -> int:
        """Return how many bytes of such a file are read."""
        if self.name == debian.STATUS:
            return limits.status_bytes
        if self.name == rpm.DATABASE:
            return limits.database_bytes
        if self.name in _IN_JSON:
            return limits.manifest_bytes
        return limits.file_bytes


_IN_JSON = {npm.MANIFEST, manifests.COMPOSER, manifests.CONDA, manifests.DOTNET}
_STATUS = Source(debian.STATUS, debian.read_status)
_COPYRIGHT = Source(debian.COPYRIGHT, debian.read_copyright)
_METADATA = Source(python.METADATA, python.read_metadata)
_MANIFEST = Source(npm.MANIFEST, npm.read_manifest)
_INSTALLED = Source(alpine.INSTALLED, alpine.read_installed)
_SPECIFICATION = Source(ruby.SPECIFICATION, ruby.read_specification)
_DESCRIPTION = Source(arch.DESCRIPTION, arch.read_description)
_COMPOSER = Source(manifests.COMPOSER, manifests.read_composer)
_CONDA = Source(manifests.CONDA, manifests.read_conda)
_DOTNET = Source(manifests.DOTNET, manifests.read_dotnet)
_RELEASE = Source(release.RELEASE, release.read_release)
_UNWRITTEN = Source(
    rpm.DATABASE, problem="its changes were never written into the database"
)
_ARCHIVE = Source(ARCHIVE, problem="what such archives hold is not read")

PLACES: Mapping[str, Source] = {
    "var/lib/dpkg/status": _STATUS,
    "lib/apk/db/installed": _INSTALLED,
    "usr/lib/apk/db/installed": _INSTALLED,
    "etc/os-release": _RELEASE,
    "usr/lib/os-release": _RELEASE,
    **{
        f"{folder}/{name}": Source(rpm.DATABASE)
        for folder in RPM_FOLDERS
        for name in _RPM_NAMES
    },
    **{f"{folder}/{_JOURNAL}": _UNWRITTEN for folder in RPM_FOLDERS},
}
"""Files that are looked for in one place only."""


def source_of(path: str) -> Source | None:
    """Return what kind of file of interest stands at a path."""
    if found := PLACES.get(path):
        return found
    folder, _, name = path.rpartition("/")
    above = folder.rpartition("/")[2]
    return (
        _of_system(folder, above, name, path)
        or _of_python(above, name)
        or _of_others(folder, above, name, path)
    )


def _of_system(folder: str, above: str, name: str, path: str) -> Source | None:
    if name == "copyright" and folder == f"usr/share/doc/{above}":
        return _COPYRIGHT
    if folder == "var/lib/dpkg/status.d" and not name.endswith(".md5sums"):
        return _STATUS
    return _DESCRIPTION if name == "desc" and arch.is_installed(path) else None


def _of_python(above: str, name: str) -> Source | None:
    if name.endswith(".egg-info"):
        return _METADATA
    if name == "METADATA" and above.endswith(".dist-info"):
        return _METADATA
    is_egg = above == "EGG-INFO" or above.endswith(".egg-info")
    return _METADATA if name == "PKG-INFO" and is_egg else None


def _of_others(folder: str, above: str, name: str, path: str) -> Source | None:
    if name.endswith(".json"):
        return _in_json(folder, above, name, path)
    if name.endswith(".gemspec") and ruby.is_installed(path):
        return _SPECIFICATION
    return _ARCHIVE if name.endswith(_ARCHIVES) else None


def _in_json(folder: str, above: str, name: str, path: str) -> Source | None:
    if name == "package.json":
        return _MANIFEST if npm.is_installed(path) else None
    if name == "installed.json" and f"/{folder}".endswith("/vendor/composer"):
        return _COMPOSER
    if name.endswith(".deps.json"):
        return _DOTNET
    return _CONDA if above == "conda-meta" else None
