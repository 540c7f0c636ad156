"""The report of an image, from what its layers were found to hold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from repositories.scanning import purls
from repositories.scanning.inventory import coverage
from repositories.scanning.inventory.contents import INVENTORY_VERSION
from repositories.scanning.inventory.readers import debian, release
from repositories.scanning.inventory.tree import Tree
from repositories.scanning.report import FoundComponent, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from repositories.scanning.inventory.contents import LayerContents, Package
    from repositories.scanning.inventory.coverage import SkippedLayer
    from repositories.scanning.inventory.tree import HeldFile
    from repositories.scanning.report import Place

SOURCE = f"built-in inventory {INVENTORY_VERSION}"
MAX_PLACES = 50  # of one component
MAX_LICENSES = 100

_RELEASES = ("etc/os-release", "usr/lib/os-release")
_OF_DISTRIBUTIONS = {"deb": "debian", "apk": "alpine", "rpm": "", "alpm": "arch"}
_VENDORS = {  # what purls call a distribution, where it is not its os-release's id
    "rhel": "redhat",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "sles": "suse",
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """What os-release says; "" where there is none."""

    id: str = ""
    version: str = ""

    @override
    def __str__(self) -> str:
        return f"{self.id} {self.version}".strip()

    @property
    def qualifier(self) -> str:
        """How a purl names it, such as `debian-12`."""
        return f"{self.id}-{self.version}".strip("-")


def assemble(
    layers: Iterable[tuple[str, LayerContents]], skipped: Sequence[SkippedLayer] = ()
) -> Report:
    """Put the layers, the lowest first, together: (digest of the blob, contents).

    `skipped` are layers of the image that were not read; of vulnerabilities the report
    says nothing. Raises UnreadableLayer for an image that is too large.
    """
    tree = Tree()
    programs = 0
    for digest, layer in layers:
        tree.apply(digest, layer)
        programs += layer.programs
    distribution = _distribution(tree)
    return Report(
        SOURCE,
        tuple(_components(tree, distribution)),
        coverage=coverage.of(tree, str(distribution), programs, skipped),
        distribution=str(distribution),
    )


def _distribution(tree: Tree) -> Distribution:
    for path in _RELEASES:
        held = tree.at(path)
        if held and held.found.source == release.RELEASE and held.found.release:
            return Distribution(*held.found.release)
    return Distribution()


def _components(tree: Tree, distribution: Distribution) -> Iterator[FoundComponent]:
    """Yield each component once, with all its places and licenses, by purl."""
    places: dict[str, set[Place]] = defaultdict(set)
    licenses: dict[str, dict[str, None]] = defaultdict(dict)
    for held in tree.files.values():
        for package, place in held.since.items():
            if purl := _purl(package, distribution):
                places[purl].add(place)
                licenses[purl].update(dict.fromkeys(_licenses(tree, held, package)))
    for purl in sorted(places):
        yield FoundComponent(
            purl,
            tuple(licenses[purl])[:MAX_LICENSES],
            tuple(sorted(places[purl])[:MAX_PLACES]),
        )


def _licenses(tree: Tree, held: HeldFile, package: Package) -> tuple[str, ...]:
    """Return a package's licenses; dpkg keeps them in the package's documentation."""
    if held.found.source != debian.STATUS:
        return package.licenses
    documented = tree.at(f"usr/share/doc/{package.name}/copyright")
    return documented.found.licenses if documented else ()


def _purl(package: Package, distribution: Distribution) -> str:
    """Return the purl of a package; "" where nothing is left of its name."""
    name = _segment(package.name)
    if not name:
        return ""
    namespace, qualifiers = package.namespace, dict(package.qualifiers)
    if package.type in _OF_DISTRIBUTIONS:
        vendor = _VENDORS.get(distribution.id, distribution.id)
        namespace = vendor or _OF_DISTRIBUTIONS[package.type]
        if distribution.id:
            qualifiers["distro"] = distribution.qualifier
    return purls.made(
        package.type,
        name,
        package.version,
        namespace=namespace,
        qualifiers=qualifiers,
    )


def _segment(name: str) -> str:
    """Return a name that is one segment of a purl; a slash would begin the next."""
    parts = (part.strip() for part in name.split("/"))
    return "-".join(part for part in parts if part)
