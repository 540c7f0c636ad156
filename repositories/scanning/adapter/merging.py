"""One report of two: what an image contains, and what of that is vulnerable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packageurl import PackageURL

from repositories.scanning import purls
from repositories.scanning.report import Kind

if TYPE_CHECKING:
    from repositories.scanning.report import Report


def merged(sbom: Report, found: Report) -> Report:
    """Return the SBOM's components with the vulnerabilities that the other found.

    Harbor's reports name packages without saying of which ecosystem; where the SBOM
    has exactly one component of that name and version, that is meant.
    """
    names = _purls_by_name(sbom)
    return replace(
        found,
        components=sbom.components,
        vulnerabilities=tuple(
            replace(one, purl=_meant(names, one.purl)) for one in found.vulnerabilities
        ),
        coverage={
            **sbom.coverage,
            Kind.VULNERABILITIES: found.coverage[Kind.VULNERABILITIES],
        },
        distribution=found.distribution or sbom.distribution,
        config_digests=found.config_digests | sbom.config_digests,
    )


def _purls_by_name(sbom: Report) -> dict[tuple[str, str], str]:
    """Return the purls of the names and versions that only one component has."""
    names: dict[tuple[str, str], str] = {}
    for component in sbom.components:
        for key in _keys(component.purl):
            names[key] = "" if key in names else component.purl
    return names


def _keys(purl: str) -> set[tuple[str, str]]:
    """Return the ways to write a component's name and version.

    A version of Debian's or RPM's may have an epoch, which a purl keeps apart.
    """
    name, version = purls.name_of(purl), purls.version_of(purl)
    epoch = PackageURL.from_string(purl).qualifiers.get("epoch")
    with_epoch = {(name, f"{epoch}:{version}")} if epoch else set()
    return {(name, version)} | with_epoch


def _meant(names: dict[tuple[str, str], str], purl: str) -> str:
    if not purl.startswith("pkg:generic/"):
        return purl
    return names.get((purls.name_of(purl), purls.version_of(purl))) or purl
