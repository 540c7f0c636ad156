"""Grype's JSON: vulnerabilities; the components it mentions are no list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import digests, scores
from repositories.scanning.formats.reading import Finding, Reading, tool
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    link,
    moment,
    objects,
    plain,
    text,
    texts,
)
from repositories.scanning.report import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "Grype JSON"


def read(document: dict[str, Any]) -> Reading:
    """Read a report; `ignoredMatches` are no findings."""
    descriptor = child(document, "descriptor")
    source = tool(text(descriptor, "name") or "grype", text(descriptor, "version"))
    reading = Reading(NAME, source=source)
    _read_subject(reading, document)
    reading.generated_at = moment(descriptor, "timestamp")
    database = child(descriptor, "db")
    status = child(database, "status")  # since version 6 of the database
    reading.advisories_at = moment(database, "built") or moment(status, "built")
    for place, match in objects(document, "matches", ""):
        reading.add_finding(_finding(reading, place, match))
    reading.cover(Kind.VULNERABILITIES)
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document looks like one of Grype's."""
    return isinstance(document, dict) and {"matches", "descriptor"} <= document.keys()


def _read_subject(reading: Reading, document: dict[str, Any]) -> None:
    target = child(child(document, "source"), "target")
    reading.digests = digests.digests([text(target, "manifestDigest")])
    for reference in [text(target, "userInput"), *texts(target, "repoDigests")]:
        reading.digests |= digests.named(reference)
    reading.config_digests = digests.digests([text(target, "imageID")])
    distro = child(document, "distro")
    reading.distribution = plain(f"{text(distro, 'name')} {text(distro, 'version')}")


def _finding(reading: Reading, place: str, match: dict[str, Any]) -> Finding:
    found, package = child(match, "vulnerability"), child(match, "artifact")
    name = text(found, "id", 100)
    if not name:
        raise UnreadableReport(f"{place}.vulnerability has no id.")
    return Finding(
        name=name,
        others=_others(match, found),
        purl=reading.known(
            text(package, "purl", 2000),
            text(package, "name"),
            text(package, "version"),
            text(package, "type"),
        ),
        severity=text(found, "severity", 20),
        rating=_rating(found, match),
        fixed_version=plain(", ".join(texts(child(found, "fix"), "versions"))),
        summary=text(found, "description") or _related_description(match),
        link=link(found.get("dataSource"), *texts(found, "urls", 1000)),
    )


def _others(match: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    for related in children(match, "relatedVulnerabilities"):
        yield text(related, "id", 100)
    for alias in children(found, "aliases"):
        yield text(alias, "id", 100)


def _related_description(match: dict[str, Any]) -> str:
    related = children(match, "relatedVulnerabilities")
    return next((text(one, "description") for one in related), "")


def _rating(found: dict[str, Any], match: dict[str, Any]) -> scores.Scores:
    """Return the scores of the finding, else of the CVE it is related to."""
    for candidate in [found, *children(match, "relatedVulnerabilities")]:
        by_source: dict[str, scores.Scores] = {}
        for given in children(candidate, "cvss"):
            source = "nvd" if "nvd" in text(given, "source") else text(given, "source")
            known = by_source.get(source.lower(), scores.Scores())
            by_source[source.lower()] = scores.joined(known, _scores(given))
        if by_source:
            return scores.preferred(by_source)
    return scores.Scores()


def _scores(given: dict[str, Any]) -> scores.Scores:
    base = child(given, "metrics").get("baseScore")
    return scores.read(base, text(given, "vector"), text(given, "version"))
