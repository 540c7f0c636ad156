"""The vulnerabilities in a CycloneDX document (SBOM, VDR)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from repositories.scanning import purls
from repositories.scanning.formats import scores
from repositories.scanning.formats.reading import Finding
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    link,
    objects,
    plain,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repositories.scanning.formats.reading import Reading

# What its supplier or owner has judged; a scanner's own ignored findings are left out
# likewise.
_DISMISSED = {"not_affected", "false_positive", "resolved", "resolved_with_pedigree"}
_LINK_ELEMENT = re.compile(r"urn:cdx:[^#]+#(.+)")
_UPGRADE = re.compile(r"Upgrade (\S+) to version ([^;]+)")
_FIXED_FROM = re.compile(r"vers:[^/]+/>=([^|]+)")
_METHODS = {"CVSSv2": "2", "CVSSv3": "3", "CVSSv31": "3", "CVSSv4": "4"}
_SOURCES = {"national vulnerability database": "nvd", "github advisories": "ghsa"}


def read(reading: Reading, document: dict[str, Any], refs: dict[str, str]) -> None:
    """Read the findings; `refs` are the purls of the components by their bom-ref."""
    for place, found in objects(document, "vulnerabilities", ""):
        name = _name(found)
        if not name:
            raise UnreadableReport(f"{place} has no id.")
        if text(child(found, "analysis"), "state") in _DISMISSED:
            continue
        severity, rating = _ratings(found)
        for purl, affected in _affected(reading, place, found, refs):
            reading.add_finding(
                Finding(
                    name=name,
                    others=[*_others(found)],
                    purl=purl,
                    severity=severity,
                    rating=rating,
                    fixed_version=_fixed(found, affected, purl),
                    summary=text(found, "description") or text(found, "detail"),
                    link=_link(found),
                )
            )


def _name(found: dict[str, Any]) -> str:
    return text(found, "id", 100) or next(_others(found), "")


def _others(found: dict[str, Any]) -> Iterator[str]:
    for reference in children(found, "references"):
        if name := text(reference, "id", 100):
            yield name


def _affected(
    reading: Reading, place: str, found: dict[str, Any], refs: dict[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = False
    for _, affected in objects(found, "affects", place):
        listed = True
        ref = text(affected, "ref", 2000)
        purl = refs.get(ref) or _linked(reading, ref, refs)
        if not _is_cleared(affected, purl):
            yield purl, affected
    if not listed:  # found, but not where
        yield reading.known("", "unknown"), {}


def _linked(reading: Reading, ref: str, refs: dict[str, str]) -> str:
    element = _LINK_ELEMENT.fullmatch(ref)
    target = unquote(element[1]) if element else ref
    return refs.get(target) or reading.known(target, target)


def _is_cleared(affected: dict[str, Any], purl: str) -> bool:
    """Say whether the very version of the component is called unaffected."""
    version = purls.version_of(purl)
    return bool(version) and any(
        text(entry, "status") == "unaffected" and text(entry, "version") == version
        for entry in children(affected, "versions")
    )


def _fixed(found: dict[str, Any], affected: dict[str, Any], purl: str) -> str:
    fixed = []
    for version in children(affected, "versions"):
        if text(version, "status") == "unaffected":
            since = _FIXED_FROM.match(text(version, "range"))
            fixed.append(since[1] if since else text(version, "version"))
    upgrades = _UPGRADE.findall(text(found, "recommendation", 2000))
    name = purls.name_of(purl)
    fixed += [version for package, version in upgrades if package.endswith(name)]
    return plain(", ".join(dict.fromkeys(filter(None, fixed))))


def _ratings(found: dict[str, Any]) -> tuple[str, scores.Scores]:
    """Return the scanner's word and the scores.

    The word is that of the source that the finding is from, else of NVD, else the
    worst.
    """
    words: dict[str, str] = {}
    by_source: dict[str, scores.Scores] = {}
    for rating in children(found, "ratings"):
        source = _source(rating)
        word = text(rating, "severity", 20)
        words[source] = scores.worse(words.get(source, ""), word)
        given = _scores(rating)
        by_source[source] = scores.joined(by_source.get(source, given), given)
    own = _source(found)
    worst = max(words.values(), key=scores.rank, default="")
    word = words.get(own) or words.get("") or words.get("nvd") or worst
    return word, scores.preferred(by_source, own)


def _source(owner: dict[str, Any]) -> str:
    name = text(child(owner, "source"), "name", 100).lower()
    return _SOURCES.get(name, name)


def _scores(rating: dict[str, Any]) -> scores.Scores:
    method = text(rating, "method", 20)
    vector = text(rating, "vector")
    if method and method not in _METHODS:  # EPSS, SSVC, OWASP and others
        return scores.Scores()
    return scores.read(rating.get("score"), vector, _METHODS.get(method, ""))


def _link(found: dict[str, Any]) -> str:
    advisories = [one.get("url") for one in children(found, "advisories")]
    return link(*advisories, child(found, "source").get("url"))
