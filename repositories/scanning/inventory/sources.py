"""Which files of an image say what is installed, and what reads each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from repositories.scanning.inventory.readers import (
    alpine,
    debian,
    npm,
    python,
    release,
    rpm,
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
        if self.name == npm.MANIFEST:
            return limits.manifest_bytes
        return limits.file_bytes


_STATUS = Source(debian.STATUS, debian.read_status)
_COPYRIGHT = Source(debian.COPYRIGHT, debian.read_copyright)
_METADATA = Source(python.METADATA, python.read_metadata)
_MANIFEST = Source(npm.MANIFEST, npm.read_manifest)
_INSTALLED = Source(alpine.INSTALLED, alpine.read_installed)
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
    return _by_folder(folder, above, name) or _by_name(above, name, path)


def _by_folder(folder: str, above: str, name: str) -> Source | None:
    if name == "copyright" and folder == f"usr/share/doc/{above}":
        return _COPYRIGHT
    if folder == "var/lib/dpkg/status.d" and not name.endswith(".md5sums"):
        return _STATUS
    return None


def _by_name(above: str, name: str, path: str) -> Source | None:
    if name == "package.json" and npm.is_installed(path):
        return _MANIFEST
    if name.endswith(".egg-info") or (name == "METADATA" and _is_distribution(above)):
        return _METADATA
    if name == "PKG-INFO" and (above == "EGG-INFO" or above.endswith(".egg-info")):
        return _METADATA
    return _ARCHIVE if name.endswith(_ARCHIVES) else None


def _is_distribution(folder: str) -> bool:
    return folder.endswith(".dist-info")
