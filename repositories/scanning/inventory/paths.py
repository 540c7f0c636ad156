"""Paths inside an image, relative to its root, without leading slash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.scanning.inventory.limits import UnreadableLayer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from repositories.scanning.inventory.limits import Limits

MAX_LINKS = 40  # followed on one way, as Linux does


def entry_path(name: str, limits: Limits) -> str:
    """Return the path an entry of a layer is about; "" is the root.

    A leading slash means the root, as every runtime reads it. Raises UnreadableLayer
    for what leads out of the tree, and for what no file system takes.
    """
    if len(name) > limits.path_length or "\0" in name:
        raise UnreadableLayer("The layer has a path that no file system takes.")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise UnreadableLayer("The layer has a path that leads out of the image.")
    if len(parts) > limits.path_depth:
        raise UnreadableLayer(
            f"The layer has folders in more than {limits.path_depth} levels."
        )
    return "/".join(parts)


def link_target(path: str, target: str, limits: Limits) -> str:
    """Return a symbolic link's target, checked: runtimes refuse what climbs out."""
    if len(target) > limits.path_length or "\0" in target:
        raise UnreadableLayer("The layer has a link that no file system takes.")
    if _joined(parent(path), target) is None:
        raise UnreadableLayer("The layer has a link that leads out of the image.")
    return target


def parent(path: str) -> str:
    """Return the folder a path lies in."""
    return path.rpartition("/")[0]


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders a path lies in, the nearest first; never the root."""
    while path := parent(path):
        yield path


def resolved(path: str, links: Mapping[str, str]) -> str:
    """Return where a path leads when all links on its way are followed.

    A way that goes round, or out of the image, is the path itself.
    """
    found = path
    for _ in range(MAX_LINKS):
        step = _through_one_link(found, links)
        if step is None:
            return path
        if step == found:
            return found
        found = step
    return path


def in_resolved_folder(path: str, links: Mapping[str, str]) -> str:
    """Return the path with the links of its folders followed, not its own."""
    folder, _, name = path.rpartition("/")
    return f"{resolved(folder, links)}/{name}".lstrip("/") if folder else path


def _through_one_link(path: str, links: Mapping[str, str]) -> str | None:
    at = 0
    while at != -1:
        at = path.find("/", at + 1)
        head = path if at == -1 else path[:at]
        if head in links:
            base = _joined(parent(head), links[head])
            return None if base is None else _joined(base, path[len(head) + 1 :])
    return path


def _joined(folder: str, target: str) -> str | None:
    """Return a target as seen from a folder; None for what climbs over the root."""
    parts = [] if target.startswith("/") else folder.split("/")
    parts = [part for part in parts if part]
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
