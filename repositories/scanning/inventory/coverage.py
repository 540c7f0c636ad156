"""What the inventory of an image could not see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repositories.scanning.inventory.paths import resolved
from repositories.scanning.inventory.readers import (
    alpine,
    arch,
    debian,
    golang,
    manifests,
    rpm,
)
from repositories.scanning.inventory.sources import ARCHIVE, PLACES
from repositories.scanning.report import Gap, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from repositories.scanning.inventory.tree import Tree

OTHER_SCANNER = "scan it with Trivy or another scanner, or upload a report of it"
NAMED = 3  # files that a reason names

_DATABASES = {debian.STATUS, alpine.INSTALLED, rpm.DATABASE, arch.DESCRIPTION}
_UNLICENSED = {
    golang.GO: "Go programs name no licenses of their modules",
    manifests.DOTNET: ".NET programs name no licenses of their packages",
}
_WHAT = {
    ARCHIVE: "archives",
    debian.COPYRIGHT: "copyright files",
    golang.GO: "Go programs",
    golang.PROGRAM: "static programs",
}


@dataclass(frozen=True, slots=True)
class SkippedLayer:
    """A layer that was not read, and why: a part of a sentence.

    `unscannable`: reading it again would not help, as it lies outside the registry.
    """

    digest: str
    reason: str
    unscannable: bool = False


@dataclass(frozen=True, slots=True)
class _Reason:
    text: str
    final: bool = True


def of(
    tree: Tree, distribution: str, programs: int, skipped: Sequence[SkippedLayer]
) -> Mapping[Kind, Gap | None]:
    """Return what is missing of components and licenses; None where nothing is."""
    missing = [
        *(_Reason(_skipped(layer), layer.unscannable) for layer in skipped),
        *_unread(tree),
        *_unknown(tree, distribution, programs),
    ]
    licenses = [*missing, *_unlicensed(tree)]
    return {Kind.COMPONENTS: _gap(missing), Kind.LICENSES: _gap(licenses)}


def _skipped(layer: SkippedLayer) -> str:
    return f"the layer {layer.digest[:19]} was not read: {layer.reason}"


def _gap(reasons: Sequence[_Reason]) -> Gap | None:
    if not reasons:
        return None
    text = "; ".join(reason.text for reason in reasons)
    return Gap(text, OTHER_SCANNER, unscannable=all(each.final for each in reasons))


def _unread(tree: Tree) -> Iterator[_Reason]:
    """Yield the files of interest that were found and could not be read."""
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, held in tree.files.items():
        if held.found.problem and held.found.source != debian.COPYRIGHT:
            paths[held.found.source, held.found.problem].append(path)
    for (source, problem), found in sorted(paths.items()):
        yield _Reason(f"{_listed(found, source)} could not be read: {problem}")
    for path, kind in PLACES.items():
        led = resolved(path, tree.links)
        if kind.name in _DATABASES and path in tree.links and led not in tree.files:
            yield _Reason(f"{path} is a link to {led}, which is not read")


def _listed(paths: list[str], source: str) -> str:
    """Name a few files: `a, b and 3 more archives`."""
    named, more = sorted(paths)[:NAMED], len(paths) - NAMED
    if more <= 0:
        return ", ".join(named)
    return f"{', '.join(named)} and {more} more {_WHAT.get(source, 'files')}"


def _unknown(tree: Tree, distribution: str, programs: int) -> Iterator[_Reason]:
    """Yield what the image holds of which no database of packages tells."""
    described = [held.found for held in tree.files.values() if held.found.packages]
    if any(found.source in _DATABASES for found in described):
        return
    if not described:
        yield _Reason("no list of installed packages was found")
    elif distribution:
        yield _Reason(f"no list of the packages of {distribution} was found")
    elif programs:
        yield _Reason(f"{programs} programs are not described by any list of packages")


def _unlicensed(tree: Tree) -> Iterator[_Reason]:
    sources = {
        held.found.source
        for held in tree.files.values()
        if not all(package.licenses for package in held.found.packages)
    }
    for source, reason in _UNLICENSED.items():
        if source in sources:
            yield _Reason(reason)
    problems = (
        path
        for path, held in tree.files.items()
        if held.found.source == debian.COPYRIGHT and held.found.problem
    )
    if found := list(problems):
        yield _Reason(f"{_listed(found, debian.COPYRIGHT)} could not be read")
