"""CycloneDX 1.2 to 1.7 in JSON: the image, its components and their licenses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import cyclonedx_vulnerabilities, digests
from repositories.scanning.formats.reading import Reading, tool
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    moment,
    objects,
    plain,
    text,
)
from repositories.scanning.report import Gap, Kind, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "CycloneDX"
_VERSION = re.compile(r"1\.[2-9]")
_NO_PACKAGES = {"file", "operating-system", "cryptographic-asset", "data", "device"}
_PATHS = ("aquasecurity:trivy:FilePath", "SrcFile")
_SYFT_PATH = re.compile(r"syft:location:\d+:path")
# Trivy and cdxgen write the list whether they looked for vulnerabilities or not.
_ALWAYS_LIST_THEM = {"trivy", "cdxgen"}
UNDECIDED = Gap(
    "the tool that wrote the SBOM lists no vulnerability also when it looked for none",
    "have it look for vulnerabilities, and state that they are complete",
)
STATEMENT = Gap(
    "the document lists no component: it judges single vulnerabilities and does not "
    "tell whether there are others",
    "upload the report of a scan, or state that its vulnerabilities are complete",
)
INCOMPLETE = Gap("the SBOM says that it is incomplete", "upload a complete one")


def read(document: dict[str, Any]) -> Reading:
    """Read an SBOM; raises UnreadableReport for versions it does not know."""
    version = text(document, "specVersion", 10)
    if not _VERSION.fullmatch(version):
        raise UnreadableReport(
            f"CycloneDX {version or 'without specVersion'} cannot be read: "
            f"write 1.2 to 1.7."
        )
    metadata = child(document, "metadata")
    name, number = _tool(metadata)
    reading = Reading(NAME, source=tool(name, number))
    reading.generated_at = moment(metadata, "timestamp")
    _read_subject(reading, metadata)
    refs = _read_components(reading, document)
    cyclonedx_vulnerabilities.read(reading, document, refs)
    _conclude(reading, document, name)
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document is CycloneDX."""
    if not isinstance(document, dict):
        return False
    return document.get("bomFormat") == "CycloneDX"


def _conclude(reading: Reading, document: dict[str, Any], tool_name: str) -> None:
    if "components" in document:
        reading.cover(Kind.COMPONENTS, _admitted_gap(document))
    if reading.has_licenses():
        reading.cover(Kind.LICENSES)
    if document.get("vulnerabilities") is None:
        return
    if "components" not in document:
        reading.undecided[Kind.VULNERABILITIES] = STATEMENT
    elif document["vulnerabilities"] or tool_name.lower() not in _ALWAYS_LIST_THEM:
        reading.cover(Kind.VULNERABILITIES)
    else:
        reading.undecided[Kind.VULNERABILITIES] = UNDECIDED


def _admitted_gap(document: dict[str, Any]) -> Gap | None:
    for composition in children(document, "compositions"):
        incomplete = text(composition, "aggregate").startswith("incomplete")
        if incomplete and composition.get("assemblies"):
            return INCOMPLETE
    return None


def _tool(metadata: dict[str, Any]) -> tuple[str, str]:
    """Return name and version of the first tool; since 1.5 tools are components."""
    listed = [*children(metadata, "tools")]
    listed += children(child(metadata, "tools"), "components")
    first = listed[0] if listed else {}
    return text(first, "name", 100), text(first, "version", 60)


def _read_subject(reading: Reading, metadata: dict[str, Any]) -> None:
    component = child(metadata, "component")
    for key in ("purl", "bom-ref"):
        reading.digests |= digests.of_purl(text(component, key, 2000))
    reading.digests |= digests.digests([text(component, "version")])
    reading.digests |= digests.named(text(component, "name"))
    if text(component, "type") == "container":
        hashed = [text(one, "content") for one in children(component, "hashes")]
        reading.digests |= digests.digests(f"sha256:{value}" for value in hashed)
    properties = [*_properties(component), *_properties(metadata)]
    for name, value in properties:
        if name in ("aquasecurity:trivy:RepoDigest", "oci:image:RepoDigest"):
            reading.digests |= digests.named(value)
        elif name in ("aquasecurity:trivy:ImageID", "oci:image:Id"):
            reading.config_digests |= digests.digests([value])


def _properties(owner: dict[str, Any]) -> list[tuple[str, str]]:
    found = children(owner, "properties")
    return [(text(one, "name"), text(one, "value", 2000)) for one in found]


def _read_components(reading: Reading, document: dict[str, Any]) -> dict[str, str]:
    """Read the components, nested ones too; return their purls by bom-ref."""
    refs: dict[str, str] = {}
    waiting = [*objects(document, "components", "")]
    waiting += objects(
        child(child(document, "metadata"), "component"),
        "components",
        "metadata.component",
    )
    for place, component in waiting:  # grows while it is walked
        waiting.extend(objects(component, "components", place))
        purl = _read_component(reading, component)
        if ref := text(component, "bom-ref", 2000):
            refs[ref] = purl
    subject = child(child(document, "metadata"), "component")
    if ref := text(subject, "bom-ref", 2000):
        refs.setdefault(ref, _purl(reading, subject, {}))
    return refs


def _read_component(reading: Reading, component: dict[str, Any]) -> str:
    properties = dict(_properties(component))
    purl = _purl(reading, component, properties)
    name, kind = text(component, "name"), text(component, "type")
    if kind == "operating-system" and not reading.distribution:
        reading.distribution = plain(f"{name} {text(component, 'version')}")
    lock_file = "aquasecurity:trivy:Class" in properties and "purl" not in component
    if (name or component.get("purl")) and kind not in _NO_PACKAGES and not lock_file:
        licenses = _licenses(component)
        reading.add_component(purl, licenses, _places(component, properties))
    return purl


def _purl(
    reading: Reading, component: dict[str, Any], properties: dict[str, str]
) -> str:
    group, name = text(component, "group"), text(component, "name")
    kind = properties.get("syft:package:type") or properties.get(
        "aquasecurity:trivy:PkgType", ""
    )
    full = f"{group}{':' if kind == 'java-archive' else '/'}{name}" if group else name
    identifier = text(component, "purl", 2000)
    return reading.known(identifier, full, text(component, "version"), kind)


def _licenses(component: dict[str, Any]) -> Iterator[str]:
    """Yield what is declared and, since 1.6 by `acknowledgement`, what is concluded."""
    evidence = child(component, "evidence")
    declared = [*children(component, "licenses")]
    for choice in declared or children(evidence, "licenses"):
        license_ = child(choice, "license")
        name = text(license_, "id") or text(license_, "name", 2000)
        if found := text(choice, "expression", 2000) or name or _by_address(license_):
            yield found


def _by_address(license_: dict[str, Any]) -> str:
    return text(license_, "url")


def _places(component: dict[str, Any], properties: dict[str, str]) -> Iterator[Place]:
    layer = digests.digest(properties.get("aquasecurity:trivy:LayerDigest", ""))
    paths = [value for name, value in properties.items() if _is_path(name)]
    occurrences = children(child(component, "evidence"), "occurrences")
    paths += [text(occurrence, "location") for occurrence in occurrences]
    for path in paths:
        yield Place(layer, plain(path).lstrip("/"))
    if layer and not paths:
        yield Place(layer)


def _is_path(name: str) -> bool:
    return name in _PATHS or _SYFT_PATH.fullmatch(name) is not None
