"""Remembers of a layer what matters for the image it becomes part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.inventory.contents import FoundFile, LayerContents
from repositories.scanning.inventory.limits import UnreadableLayer
from repositories.scanning.inventory.paths import ancestors
from repositories.scanning.inventory.readers.golang import PROGRAM, Program

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from repositories.scanning.inventory.limits import Meter

WHITEOUT = ".wh."
EMPTIED = ".wh..wh..opq"
_ABOUT_WHITEOUTS = ".wh..wh."  # AUFS's own files

_MOST_REPLACED = 100  # folders that a layer may take back
_SYSTEM_FOLDERS = ("bin/", "sbin/", "lib/", "lib64/", "usr/")
_OWN_FOLDERS = ("usr/local/",)
_LIKE_FOLDERS = (".dist-info", ".egg-info")
_PROGRAM_FOLDERS = {"bin", "sbin"}
_NEAR_THE_ROOT = 3  # levels


class Recorder:
    """Keeps what entries say; a later entry of the same layer wins."""

    def __init__(self, meter: Meter) -> None:
        self.files: dict[str, FoundFile] = {}
        self._meter = meter
        self._links: dict[str, str] = {}
        self._others: dict[str, None] = {}
        self._folders: dict[str, None] = {}
        self._removed: dict[str, None] = {}
        self._emptied: dict[str, None] = {}
        self._filled: set[str] = set()  # folders with anything that is kept
        self._replaced = 0
        self._programs = 0

    def whiteout(self, path: str) -> bool:
        """Remember a whiteout; tell whether the path is about one."""
        folder, _, name = path.rpartition("/")
        if not name.startswith(WHITEOUT):
            return False
        if name == EMPTIED:
            self._keep(self._emptied, folder)
            self._fill(path)
        elif not name.startswith(_ABOUT_WHITEOUTS):
            removed = name.removeprefix(WHITEOUT)
            if removed in {"", ".", ".."}:
                raise UnreadableLayer("The layer has a whiteout that names nothing.")
            self._keep(self._removed, f"{folder}/{removed}".lstrip("/"))
            self._fill(path)
        return True

    def folder(self, path: str) -> None:
        """Remember a folder, which may stand where a link was."""
        self._forget(path)
        self._keep(self._folders, path)

    def link(self, path: str, target: str) -> None:
        """Remember a symbolic link."""
        self._replace(path)
        if ".so" in path.rpartition("/")[2]:  # libraries' names lead to no folder
            return
        self._meter.keep(len(path) + len(target))
        self._links[path] = target
        self._fill(path)

    def file(self, path: str, found: FoundFile | None) -> None:
        """Remember a file, by what it told; None is one of no interest."""
        self._replace(path)
        if found is None:
            if self._meter.has_room() and _may_replace(path):
                self._keep(self._others, path)
                self._fill(path)
            return
        self._meter.keep(len(path) + found.text_length, len(found.packages))
        self.files[path] = found
        self._fill(path)

    def program(self, path: str, program: Program) -> FoundFile | None:
        """Count a program; return what is known of it, or that nothing is."""
        if program.go:
            return program.go
        self._programs += 1
        is_system = path.startswith(_SYSTEM_FOLDERS)
        if is_system and not path.startswith(_OWN_FOLDERS):
            return None  # of the distribution, whose database tells of it
        if not program.is_static or _is_library(path):
            return None
        return FoundFile(PROGRAM, problem="nothing tells what it was built from")

    def contents(self) -> LayerContents:
        """Return what was remembered; folders only where something lies in them."""
        folders = (
            path
            for path in self._folders
            if path in self._filled or path.count("/") < _NEAR_THE_ROOT
        )
        return LayerContents(
            self.files,
            self._links,
            tuple(self._others),
            tuple(folders),
            tuple(self._removed),
            tuple(self._emptied),
            self._programs,
        )

    def _keep(self, where: dict[str, None], path: str) -> None:
        self._meter.keep(len(path))
        where[path] = None

    def _fill(self, path: str) -> None:
        for folder in ancestors(path):
            if folder in self._filled:
                return
            self._meter.keep(len(folder))
            self._filled.add(folder)

    def _replace(self, path: str) -> None:
        """Forget what the same layer put at a path, and in it."""
        self._forget(path)
        if path not in self._filled and path not in self._folders:
            return
        self._replaced += 1
        if self._replaced > _MOST_REPLACED:
            raise UnreadableLayer("The layer replaces its own folders again and again.")
        self._filled.discard(path)
        self._folders.pop(path, None)
        for kept in self._entries():
            for inner in [key for key in kept if key.startswith(f"{path}/")]:
                del kept[inner]

    def _forget(self, path: str) -> None:
        for kept in self._entries():
            kept.pop(path, None)

    def _entries(self) -> tuple[MutableMapping[str, Any], ...]:
        return self.files, self._links, self._others


def _is_library(path: str) -> bool:
    """Tell whether the name is a library's, which names no loader either."""
    name = path.rpartition("/")[2]
    return ".so" in name or name.endswith(".node")


def _may_replace(path: str) -> bool:
    """Tell whether a folder with packages may have stood here in a layer below.

    Names of single files, and programs' names, are not kept: there are too many.
    """
    folder, _, name = path.rpartition("/")
    if folder.rpartition("/")[2] in _PROGRAM_FOLDERS:
        return False
    return "." not in name or name.endswith(_LIKE_FOLDERS)
