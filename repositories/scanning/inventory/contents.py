"""What was found in one layer, in a form that can be kept and read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INVENTORY_VERSION = 1
"""Grows whenever a reader finds more or other things; layers are then read again."""


_EMPTY: list[Any] = ["", "", "", "", [], []]  # of a package


class OutdatedInventory(ValueError):
    """The stored inventory is of another version, or none: read the layer again."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package as its own metadata names it; `type` is that of its purl.

    What distribution it is of, only the whole image tells.
    """

    type: str
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    licenses: tuple[str, ...] = ()

    def to_json(self) -> list[Any]:
        """Return a list whose empty end is left out."""
        found: list[Any] = [
            self.type,
            self.name,
            self.version,
            self.namespace,
            [list(pair) for pair in self.qualifiers],
            list(self.licenses),
        ]
        while not found[-1]:
            found.pop()
        return found

    @classmethod
    def from_json(cls, value: list[Any]) -> Package:
        """Read what `to_json` wrote."""
        kind, name, version, namespace, pairs, licenses = [
            *value,
            *_EMPTY[len(value) :],
        ]
        qualifiers = tuple((key, text) for key, text in pairs)
        return cls(kind, name, version, namespace, qualifiers, tuple(licenses))

    @property
    def text_length(self) -> int:
        """How many characters it keeps."""
        pairs = sum(len(name) + len(text) for name, text in self.qualifiers)
        names = len(self.name) + len(self.version) + len(self.namespace)
        return names + pairs + sum(map(len, self.licenses))


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What one file tells; `source` is the kind of file, a name of `sources`.

    `licenses` are those of a Debian copyright file, `release` is (id, version) of an
    os-release. `problem` says why the file could not be read, "" if it was.
    """

    source: str
    packages: tuple[Package, ...] = ()
    licenses: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what is not empty."""
        found = {
            "source": self.source,
            "packages": [package.to_json() for package in self.packages],
            "licenses": list(self.licenses),
            "release": list(self.release),
            "problem": self.problem,
        }
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FoundFile:
        """Read what `to_json` wrote."""
        return cls(
            value["source"],
            tuple(map(Package.from_json, value.get("packages", []))),
            tuple(value.get("licenses", [])),
            tuple(value.get("release", [])),
            value.get("problem", ""),
        )

    @property
    def text_length(self) -> int:
        """How many characters it keeps."""
        packages = sum(package.text_length for package in self.packages)
        return packages + sum(map(len, self.licenses)) + len(self.problem)


@dataclass(frozen=True, slots=True)
class LayerContents:
    """What a layer adds to the layers below it, and takes from them.

    `files` are those of interest by path; `links` are symbolic links with targets;
    `others` are entries that are no folders and may stand where one was below;
    `folders` may stand where a link was. `removed` and `emptied` are the whiteouts: of
    a path, and of all that a folder held below. `programs` counts the executables of
    which no package is known.
    """

    files: Mapping[str, FoundFile] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    programs: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for json.dumps."""
        return {
            "version": INVENTORY_VERSION,
            "files": {path: found.to_json() for path, found in self.files.items()},
            "links": dict(self.links),
            "others": list(self.others),
            "folders": list(self.folders),
            "removed": list(self.removed),
            "emptied": list(self.emptied),
            "programs": self.programs,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LayerContents:
        """Read what `to_json` wrote; raises OutdatedInventory."""
        if value.get("version") != INVENTORY_VERSION:
            raise OutdatedInventory("The layer was read by another version.")
        files = {
            path: FoundFile.from_json(found) for path, found in value["files"].items()
        }
        return cls(
            files,
            links=value["links"],
            others=tuple(value["others"]),
            folders=tuple(value["folders"]),
            removed=tuple(value["removed"]),
            emptied=tuple(value["emptied"]),
            programs=value["programs"],
        )
