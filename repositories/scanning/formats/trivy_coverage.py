"""What a report of Trivy's is evidence of, which the report does not say itself.

Trivy leaves empty lists out, so that a clean report and one whose scanner was not asked
for vulnerabilities look alike wherever packages are listed: `--scanners license` lists
them too. Before it listed packages by default, a result without anything in it could
only come from a scan for vulnerabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import packages
from repositories.scanning.formats.reading import NO_COMPONENT
from repositories.scanning.formats.values import child, children, text
from repositories.scanning.report import Gap, Kind

if TYPE_CHECKING:
    from repositories.scanning.formats.reading import Reading

_LISTS_PACKAGES_BY_DEFAULT = ("Trivy", "ReportID", "ArtifactID")
# Trivy lists their packages, and has no advisories to match them with.
_NOT_MATCHED = {"fedora", "conda-pkg", "conda-environment", "julia"}
_WITHOUT_PACKAGES = {"none", "activestate"}
UNDECIDED = Gap(
    "Trivy's report shows no vulnerability and does not tell whether it looked for any",
    "state that its vulnerabilities are complete when you upload it",
)


def conclude(
    reading: Reading, document: dict[str, Any], results: list[dict[str, Any]]
) -> None:
    """Note what the report covers."""
    packaged = [result for result in results if _is_of_packages(result)]
    listed = [result for result in packaged if result.get("Packages")]
    _conclude_licenses(reading, results)
    if not results:
        gap = _unlisted_system(document, []) or NO_COMPONENT
        reading.cover(Kind.COMPONENTS, gap)
        reading.cover(Kind.VULNERABILITIES, gap)
    if listed:
        reading.cover(Kind.COMPONENTS, _unlisted_system(document, listed))
    if not_matched := sorted(filter(None, map(_not_matched, listed))):
        reading.cover(Kind.VULNERABILITIES, _unmatched(not_matched[0]))
    if _looked_for_vulnerabilities(document, packaged):
        seen = listed or packaged
        reading.cover(Kind.VULNERABILITIES, _unlisted_system(document, seen))
    elif packaged:
        reading.undecided[Kind.VULNERABILITIES] = UNDECIDED


def _not_matched(result: dict[str, Any]) -> str:
    """Return the kind of packages that nothing was matched with, else ""."""
    kind = text(result, "Type", 50).lower()
    return kind if kind in _NOT_MATCHED and not result.get("Vulnerabilities") else ""


def _unmatched(kind: str) -> Gap:
    return Gap(
        f"Trivy knows no advisories about packages of the type {kind}",
        "scan the image with a scanner that knows them",
        unscannable=True,
    )


def _is_of_packages(result: dict[str, Any]) -> bool:
    return text(result, "Class") in ("os-pkgs", "lang-pkgs", "")  # "": schema 1


def _conclude_licenses(reading: Reading, results: list[dict[str, Any]]) -> None:
    asked = any(text(r, "Class") in ("license", "license-file") for r in results)
    if asked or reading.has_licenses():
        reading.cover(Kind.LICENSES)


def _unlisted_system(
    document: dict[str, Any], listed: list[dict[str, Any]]
) -> Gap | None:
    """Return the gap of a distribution that was recognised but not its packages."""
    system = child(child(document, "Metadata"), "OS")
    family = text(system, "Family", 50)
    if not family or family in _WITHOUT_PACKAGES:
        return None
    if any(_is_of_system(result) for result in listed):
        return None
    return Gap(
        f"the report names the distribution {family} and lists none of its packages",
        "scan the packages of the distribution too",
    )


def _is_of_system(result: dict[str, Any]) -> bool:
    if text(result, "Class"):
        return text(result, "Class") == "os-pkgs"
    return packages.is_distribution(text(result, "Type"))


def _looked_for_vulnerabilities(
    document: dict[str, Any], packaged: list[dict[str, Any]]
) -> bool:
    if any(isinstance(result.get("Vulnerabilities"), list) for result in packaged):
        return True
    if _is_told(document, packaged):
        return True
    listed = any(result.get("Packages") for result in packaged)
    recent = any(key in document for key in _LISTS_PACKAGES_BY_DEFAULT)
    return bool(packaged) and not listed and not recent


def _is_told(document: dict[str, Any], packaged: list[dict[str, Any]]) -> bool:
    """Say whether something is there that only a scan for vulnerabilities leaves."""
    hidden = (
        text(finding, "Type") == "vulnerability"
        for result in packaged
        for finding in children(result, "ExperimentalModifiedFindings")
    )
    system = child(child(document, "Metadata"), "OS")
    return any(hidden) or (bool(packaged) and system.get("EOSL") is True)
