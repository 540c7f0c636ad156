"""Trivy's own JSON: schema 2, and schema 1, which was the bare list of results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import digests, scores, trivy_coverage
from repositories.scanning.formats.reading import Finding, Reading, tool
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    link,
    moment,
    objects,
    plain,
    text,
    texts,
)
from repositories.scanning.report import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "Trivy JSON"
_LICENSE_TEXT = "text://"


def read(document: Any) -> Reading:
    """Read a report of an image, a filesystem or an SBOM."""
    if isinstance(document, list):
        document = {"Results": document}
    reading = Reading(NAME, source=tool("Trivy", _version(document)))
    _read_subject(reading, document)
    results = list(objects(document, "Results", ""))
    packages = _Packages(reading)
    for where, result in results:
        packages.read(where, result)
    for where, result in results:
        _read_licenses(reading, packages, where, result)
        _read_vulnerabilities(reading, packages, where, result)
    trivy_coverage.conclude(reading, document, [result for _, result in results])
    return reading


class _Packages:
    """The packages listed, to be found by the names that findings call them."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.by_name: dict[str, set[str]] = {}
        self.by_id: dict[tuple[str, str], str] = {}

    def read(self, where: str, result: dict[str, Any]) -> None:
        kind = text(result, "Type")
        for _, package in objects(result, "Packages", where):
            name = text(package, "Name")
            identifier = text(child(package, "Identifier"), "PURL", 2000)
            if not name and not identifier:
                continue  # a package.json without a name; there is nothing to match
            purl = self.reading.known(identifier, name, _installed(package), kind)
            self.reading.add_component(purl, _licenses(package), _places(package))
            self.by_name.setdefault(name, set()).add(purl)
            self.by_id[text(result, "Target"), text(package, "ID")] = purl

    def named(self, name: str) -> set[str]:
        """Return the components of that name, made up where none is listed."""
        return self.by_name.get(name) or {self.reading.known("", name)}

    def affected(self, result: dict[str, Any], finding: dict[str, Any]) -> str:
        identifier = text(child(finding, "PkgIdentifier"), "PURL", 2000)
        listed = self.by_id.get((text(result, "Target"), text(finding, "PkgID")))
        if listed and not self.reading.purl(identifier):
            return listed
        name, version = text(finding, "PkgName"), text(finding, "InstalledVersion")
        return self.reading.known(identifier, name, version, text(result, "Type"))


def _version(document: dict[str, Any]) -> str:
    return text(child(document, "Trivy"), "Version")


def _read_subject(reading: Reading, document: dict[str, Any]) -> None:
    metadata = child(document, "Metadata")
    system = child(metadata, "OS")
    reading.distribution = plain(f"{text(system, 'Family')} {text(system, 'Name')}")
    references = [text(document, "ArtifactName"), text(metadata, "Reference")]
    for reference in [*references, *texts(metadata, "RepoDigests")]:
        reading.digests |= digests.named(reference)
    reading.config_digests = digests.digests([text(metadata, "ImageID")])
    reading.generated_at = moment(document, "CreatedAt")


def _installed(package: dict[str, Any]) -> str:
    version, release = text(package, "Version"), text(package, "Release")
    epoch = package.get("Epoch")
    number = f"{version}-{release}" if release else version
    return f"{epoch}:{number}" if isinstance(epoch, int) and epoch else number


def _licenses(package: dict[str, Any]) -> Iterator[str]:
    for name in texts(package, "Licenses", 2000):
        yield _license(name)


def _license(name: str) -> str:
    body = name.removeprefix(_LICENSE_TEXT)
    return name if body == name else plain(body, 200)


def _places(package: dict[str, Any]) -> Iterator[Place]:
    layer, path = _layer(package), text(package, "FilePath").strip("/")
    if layer or path:
        yield Place(layer, path)


def _layer(owner: dict[str, Any]) -> str:
    return digests.digest(text(child(owner, "Layer"), "Digest"))


def _read_licenses(
    reading: Reading, packages: _Packages, where: str, result: dict[str, Any]
) -> None:
    for place, found in objects(result, "Licenses", where):
        name, path = text(found, "Name", 2000), text(found, "FilePath").strip("/")
        if not name:
            raise UnreadableReport(f"{place} has no Name.")
        # A license in a file that belongs to no package must not be lost.
        for purl in packages.named(text(found, "PkgName") or path):
            reading.add_component(
                purl, [_license(name)], [Place(path=path)] if path else []
            )


def _read_vulnerabilities(
    reading: Reading, packages: _Packages, where: str, result: dict[str, Any]
) -> None:
    for place, found in objects(result, "Vulnerabilities", where):
        name = text(found, "VulnerabilityID", 100)
        if not name:
            raise UnreadableReport(f"{place} has no VulnerabilityID.")
        reading.add_finding(
            Finding(
                name=name,
                others=texts(found, "VendorIDs", 100),
                purl=packages.affected(result, found),
                severity=text(found, "Severity", 20),
                rating=rating(found),
                fixed_version=text(found, "FixedVersion"),
                summary=text(found, "Title") or text(found, "Description"),
                link=link(found.get("PrimaryURL"), *texts(found, "References", 1000)),
                layer=_layer(found),
            )
        )


def rating(found: dict[str, Any]) -> scores.Scores:
    """Return the scores of a finding, of which Trivy lists those of every source."""
    by_source = {
        str(source).lower(): _scores(given)
        for source, given in child(found, "CVSS").items()
        if isinstance(given, dict)
    }
    return scores.preferred(by_source, text(found, "SeveritySource", 50))


def _scores(given: dict[str, Any]) -> scores.Scores:
    return scores.joined(
        scores.read(given.get("V3Score"), text(given, "V3Vector"), "3"),
        scores.read(given.get("V40Score"), text(given, "V40Vector"), "4"),
        scores.read(given.get("V2Score"), text(given, "V2Vector"), "2"),
    )


def is_report(document: Any) -> bool:
    """Say whether a document looks like one of Trivy's."""
    if isinstance(document, list):
        return bool(document) and all(map(_is_result, document))
    if not isinstance(document, dict) or "ClusterName" in document:
        return False
    return "SchemaVersion" in document or {"Results", "ArtifactName"} <= document.keys()


def _is_result(entry: Any) -> bool:
    return isinstance(entry, dict) and "Target" in entry
