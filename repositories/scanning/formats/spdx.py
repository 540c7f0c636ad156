"""SPDX 2.2 and 2.3 in JSON: packages and their licenses; files are passed over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import digests
from repositories.scanning.formats.reading import Reading, tool
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    moment,
    objects,
    plain,
    text,
    texts,
)
from repositories.scanning.report import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "SPDX"
_VERSION = re.compile(r"SPDX-2\.[23]")
_TOOL = re.compile(r"Tool:\s*(?P<name>.+?)(?:-(?P<version>v?\d.*|\[.*))?")
_NOTHING = {"", "NOASSERTION"}
_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_ACQUIRED_FROM = re.compile(r"acquired package info from .*?: (/?[^,\s]+)")
_SUBJECT_IDS = ("SPDXRef-DocumentRoot", "SPDXRef-ContainerImage", "SPDXRef-Filesystem")


def read(document: dict[str, Any]) -> Reading:
    """Read an SBOM; raises UnreadableReport for versions it does not know."""
    version = text(document, "spdxVersion", 20)
    if not _VERSION.fullmatch(version):
        raise UnreadableReport(f"{version or 'SPDX'} cannot be read: write 2.2 or 2.3.")
    creation = child(document, "creationInfo")
    reading = Reading(NAME, source=_tool(creation))
    reading.generated_at = moment(creation, "created")
    reading.digests = digests.named(text(document, "name"))
    names = _names_of_licenses(document)
    found = [package for _, package in objects(document, "packages", "")]
    subjects = _subjects(document, found)
    for package in found:
        if text(package, "SPDXID") in subjects:
            _read_subject(reading, package)
        else:
            _read_package(reading, package, names)
    _conclude(reading, document, found)
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document is SPDX 2."""
    return isinstance(document, dict) and "spdxVersion" in document


def _conclude(
    reading: Reading, document: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    if "packages" in document:
        reading.cover(Kind.COMPONENTS)
    stated = any(text(package, "licenseDeclared") == "NONE" for package in found)
    if reading.has_licenses() or stated:
        reading.cover(Kind.LICENSES)


def _tool(creation: dict[str, Any]) -> str:
    for creator in texts(creation, "creators"):
        if found := _TOOL.fullmatch(creator):
            return tool(found["name"], found["version"] or "")
    return ""


def _subjects(document: dict[str, Any], found: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the packages that stand for the image itself.

    Some tools describe every package; those are components all the same.
    """
    described = set(texts(document, "documentDescribes"))
    for relation in children(document, "relationships"):
        kind = text(relation, "relationshipType")
        if kind == "DESCRIBES":
            described.add(text(relation, "relatedSpdxElement"))
        elif kind == "DESCRIBED_BY":
            described.add(text(relation, "spdxElementId"))
    ids = {text(package, "SPDXID") for package in found}
    images = {text(package, "SPDXID") for package in found if _is_image(package)}
    if not described & ids and len(images) == 1:
        return images
    alone = described & ids if len(described & ids) == 1 and len(ids) > 1 else set()
    return (images & described) | alone


def _is_image(package: dict[str, Any]) -> bool:
    if text(package, "SPDXID").startswith(_SUBJECT_IDS):
        return True
    if text(package, "primaryPackagePurpose") == "CONTAINER":
        return True
    noted = {name for name, _ in _notes(package)} & {"RepoDigest", "ImageID"}
    if noted or digests.digest(text(package, "versionInfo")):
        return True
    return digests.is_image(_identifier(package))


def _identifier(package: dict[str, Any]) -> str:
    for reference in children(package, "externalRefs"):
        if text(reference, "referenceType").endswith("purl"):
            return text(reference, "referenceLocator", 2000)
    return ""


def _read_subject(reading: Reading, package: dict[str, Any]) -> None:
    reading.digests |= digests.of_purl(_identifier(package))
    reading.digests |= digests.digests([text(package, "versionInfo")])
    reading.digests |= digests.named(text(package, "name"))
    if _is_image(package):
        hashed = [text(one, "checksumValue") for one in children(package, "checksums")]
        reading.digests |= digests.digests(f"sha256:{value}" for value in hashed)
    for name, value in _notes(package):
        if name == "RepoDigest":
            reading.digests |= digests.named(value)
        elif name == "ImageID":
            reading.config_digests |= digests.digests([value])


def _notes(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what Trivy notes of a package, which moved to annotations in 2024."""
    comments = [text(one, "comment") for one in children(package, "annotations")]
    for note in [*texts(package, "attributionTexts"), *comments]:
        name, _, value = note.partition(": ")
        yield name, value


def _read_package(
    reading: Reading, package: dict[str, Any], names: dict[str, str]
) -> None:
    name, identifier = text(package, "name"), _identifier(package)
    purpose = text(package, "primaryPackagePurpose")
    ref = text(package, "SPDXID")
    system = purpose == "OPERATING-SYSTEM" or ref.startswith("SPDXRef-OperatingSystem-")
    if system and not identifier:
        reading.distribution = plain(f"{name} {text(package, 'versionInfo')}")
        return
    notes = dict(_notes(package))
    lock_file = "Class" in notes or ref.startswith("SPDXRef-Application-")
    if (not name and not identifier) or (lock_file and not identifier):
        return
    purl = reading.known(identifier, name, text(package, "versionInfo"))
    reading.add_component(purl, _licenses(package, names), _places(package, notes))


def _places(package: dict[str, Any], notes: dict[str, str]) -> Iterator[Place]:
    layer = digests.digest(notes.get("LayerDigest", ""))
    found = _ACQUIRED_FROM.match(text(package, "sourceInfo"))
    if layer or found:
        yield Place(layer, found[1].lstrip("/") if found else "")


def _names_of_licenses(document: dict[str, Any]) -> dict[str, str]:
    """Return what the document's own license ids stand for."""
    names = {}
    for found in children(document, "hasExtractedLicensingInfos"):
        name = text(found, "name")
        if name not in _NOTHING:
            names[text(found, "licenseId")] = name
    return names


def _licenses(package: dict[str, Any], names: dict[str, str]) -> list[str]:
    """Return the concluded license, else the declared one.

    Ids of the document's own are replaced by their names.
    """
    for key in ("licenseConcluded", "licenseDeclared"):
        expression = text(package, key, 20_000)
        if expression == "NONE":
            return []
        if expression not in _NOTHING:
            return [names.get(part, part) for part in _parts(expression, names)]
    return []


def _parts(expression: str, names: dict[str, str]) -> list[str]:
    """Divide what is only joined by AND, so that names may hold spaces."""
    if "(" in expression or " OR " in expression:
        return [_REF.sub(lambda found: _short(names, found[0]), expression)[:2000]]
    return [part.strip()[:2000] for part in expression.split(" AND ") if part.strip()]


def _short(names: dict[str, str], reference: str) -> str:
    name = names.get(reference, reference)
    return name if re.fullmatch(r"[A-Za-z0-9.+-]+", name) else reference
