"""The files of interest of an image, as its layers make it one after the other.

OCI image specification, "Applying Changesets": a whiteout takes away what lower layers
hold, wherever it stands in its own layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repositories.scanning.inventory.limits import UnreadableLayer
from repositories.scanning.inventory.paths import (
    ancestors,
    in_resolved_folder,
    resolved,
)
from repositories.scanning.report import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from repositories.scanning.inventory.contents import (
        FoundFile,
        LayerContents,
        Package,
    )

MAX_FILES = 1_000_000


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of interest; `since` says where each of its packages first stood."""

    found: FoundFile
    place: Place
    since: Mapping[Package, Place]


@dataclass(slots=True)
class Tree:
    """The image as far as its layers were applied."""

    files: dict[str, HeldFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def apply(self, digest: str, layer: LayerContents) -> None:
        """Put a layer on top; raises UnreadableLayer when the image gets too large."""
        below = dict(self.files)
        self._remove(layer)
        for path, target in layer.links.items():
            self.links[in_resolved_folder(path, self.links)] = target
        for path, found in layer.files.items():
            here = in_resolved_folder(path, self.links)
            place = Place(digest, path)
            self.files[here] = _held(found, place, below.get(here))
        if len(self.files) + len(self.links) > MAX_FILES:
            raise UnreadableLayer("The image has more packages and links than is read.")

    def at(self, path: str) -> HeldFile | None:
        """Return the file of interest that a path leads to."""
        return self.files.get(resolved(path, self.links))

    def _remove(self, layer: LayerContents) -> None:
        """Forget what a layer takes away, and what it puts something else in place of.

        A folder takes the place of a link or a file, anything else also of a folder.
        """
        for path in sorted(layer.folders):  # those nearer to the root first
            here = in_resolved_folder(path, self.links)
            self.links.pop(here, None)
            self.files.pop(here, None)
        leaves = self._led_to((*layer.others, *layer.links, *layer.files))
        self._keep_if(lambda path: path not in leaves)
        removed = leaves | self._led_to(layer.removed)
        emptied = {resolved(path, self.links) for path in layer.emptied}
        folders = {folder for path in removed | emptied for folder in ancestors(path)}
        self._keep_if(lambda path: path not in folders and path not in emptied)
        over = removed | emptied
        self._keep_if(
            lambda path: (
                path not in removed
                and "" not in emptied
                and over.isdisjoint(ancestors(path))
            )
        )

    def _keep_if(self, stays: Callable[[str], bool]) -> None:
        self.files = {path: held for path, held in self.files.items() if stays(path)}
        self.links = {path: to for path, to in self.links.items() if stays(path)}

    def _led_to(self, paths: Iterable[str]) -> set[str]:
        """Return where entries of a layer come to lie on what is below it."""
        return {in_resolved_folder(path, self.links) for path in paths}


def _held(found: FoundFile, place: Place, before: HeldFile | None) -> HeldFile:
    known = before.since if before else {}
    since = {package: known.get(package, place) for package in found.packages}
    return HeldFile(found, place, since)
