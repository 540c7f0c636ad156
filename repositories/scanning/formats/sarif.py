"""SARIF 2.1 as scanners of images write it: vulnerabilities, and nothing else.

The format knows no packages; each tool writes them in a place of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from repositories.scanning.formats import digests, identifiers, scores
from repositories.scanning.formats.reading import Finding, Reading, tool
from repositories.scanning.formats.sarif_packages import affected, labels
from repositories.scanning.formats.values import (
    UnreadableReport,
    child,
    children,
    link,
    moment,
    objects,
    text,
    texts,
)
from repositories.scanning.report import Gap, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "SARIF"
_RULES_OF_OTHERS = {"Misconfiguration", "Secret", "License"}  # in Trivy's reports
_ADVISORY = re.compile(
    r"(?:\[\w+\] )?(?:CVE|GHSA|SNYK|RUSTSEC|PYSEC|GO|OSV|MAL|ALAS\w*|RH[SBE]A|ELSA|DSA|"
    r"DLA|USN|TEMP|NSWG|GMS|CGA|BIT|ALPINE|DEBIAN|UBUNTU)-[\w.:-]+|npm:[\w.:-]+",
    re.IGNORECASE,
)
_SEVERITY = re.compile(
    r"\b(critical|high|medium|moderate|low|negligible|unknown)\b(?= sev| vul)",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\(((?:CVE-[\d-]+(?:,\s*)?)+)\)")
# These look for vulnerabilities only: their empty list is one.
_ONLY_VULNERABILITIES = re.compile(
    r"(?:anchore )?grype|snyk (container|open source)|docker scout|osv-scanner|clair",
    re.IGNORECASE,
)
UNDECIDED = Gap(
    "the report shows no vulnerability and does not tell whether any was looked for",
    "state that its vulnerabilities are complete when you upload it",
)


def read(document: dict[str, Any]) -> Reading:
    """Read all runs of a log; results that are no vulnerabilities are passed over."""
    reading = Reading(NAME)
    decided = []
    for place, run in objects(document, "runs", ""):
        driver = child(child(run, "tool"), "driver")
        name = text(driver, "name", 100)
        version = text(driver, "version", 60) or text(driver, "semanticVersion", 60)
        reading.source = reading.source or tool(name, version)
        only = _ONLY_VULNERABILITIES.match(name) is not None
        found = _read_run(reading, place, run, all_count=only)
        # Without the list the tool did not get as far as having results.
        decided.append(found or (only and run.get("results") is not None))
    if decided and all(decided):
        reading.cover(Kind.VULNERABILITIES)
    else:
        reading.undecided[Kind.VULNERABILITIES] = UNDECIDED
    return reading


def is_report(document: Any) -> bool:
    """Say whether a document is SARIF 2.1."""
    if not isinstance(document, dict) or "runs" not in document:
        return False
    return str(document.get("version")).startswith("2.1")


def _read_run(
    reading: Reading, place: str, run: dict[str, Any], *, all_count: bool
) -> bool:
    """Read a run; say whether it has any vulnerability.

    `all_count`: all results are vulnerabilities, whatever their names.
    """
    properties = child(run, "properties")
    for reference in [*texts(properties, "repoDigests"), text(properties, "imageName")]:
        reading.digests |= digests.named(reference)
    reading.config_digests |= digests.digests([text(properties, "imageID")])
    for invocation in children(run, "invocations"):
        reading.generated_at = moment(invocation, "endTimeUtc") or reading.generated_at
    rules = _Rules(run)
    found = False
    for where, result in objects(run, "results", place):
        rule = rules.of(result)
        name = text(result, "ruleId", 200) or text(rule, "id", 200)
        if all_count and not name:
            raise UnreadableReport(f"{where} has no ruleId.")
        if all_count or _is_vulnerability(name, rule):
            found = True
            if not _is_dismissed(result):
                told = rules.labels(rule) | labels(result, "message")
                _add_findings(reading, name, rule, result, told)
    return found


class _Rules:
    def __init__(self, run: dict[str, Any]) -> None:
        component = child(run, "tool")
        parts = [child(component, "driver"), *children(component, "extensions")]
        listed = [rule for part in parts for rule in children(part, "rules")]
        self.in_order = [*children(parts[0], "rules")]
        self.by_id = {text(rule, "id", 200): rule for rule in listed}
        self.labelled: dict[int, dict[str, str]] = {}

    def of(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the rule of a result, by its id or else its number."""
        reference = child(result, "rule")
        name = text(result, "ruleId", 200) or text(reference, "id", 200)
        if name in self.by_id:
            return self.by_id[name]
        number = result.get("ruleIndex", reference.get("index"))
        if isinstance(number, int) and 0 <= number < len(self.in_order):
            return self.in_order[number]
        return {}

    def labels(self, rule: dict[str, Any]) -> dict[str, str]:
        """Return the labels in a rule's help, which may speak of another package."""
        if id(rule) not in self.labelled:
            self.labelled[id(rule)] = labels(rule, "help")
        return self.labelled[id(rule)]


def _is_vulnerability(name: str, rule: dict[str, Any]) -> bool:
    if text(rule, "name") in _RULES_OF_OTHERS:
        return False
    if _ADVISORY.match(name):
        return True
    if "Vulnerability" in text(rule, "name"):
        return bool(name)
    tags = {tag.lower() for tag in texts(child(rule, "properties"), "tags")}
    return bool(name) and "vulnerability" in tags


def _is_dismissed(result: dict[str, Any]) -> bool:
    if text(result, "kind") in ("pass", "notApplicable"):
        return True
    return any(
        text(suppression, "status") in ("", "accepted")
        for suppression in children(result, "suppressions")
    )


def _add_findings(
    reading: Reading,
    name: str,
    rule: dict[str, Any],
    result: dict[str, Any],
    told: dict[str, str],
) -> None:
    for location in _places(result):
        reading.digests |= digests.named(location)
    names = [*_names(name, rule)]
    properties = {**child(rule, "properties"), **child(result, "properties")}
    finding = Finding(
        name=names[0],
        others=names[1:],
        purl="",
        severity=_severity(told, properties, rule),
        rating=_rating(properties),
        fixed_version=_fixed(told, properties),
        summary=_summary(rule, result),
        link=link(rule.get("helpUri")),
    )
    for purl in affected(reading, told, properties, result):
        reading.add_finding(replace(finding, purl=purl))


def _places(result: dict[str, Any]) -> Iterator[str]:
    for location in children(result, "locations"):
        physical = child(child(location, "physicalLocation"), "artifactLocation")
        yield text(physical, "uri", 2000)
        for logical in children(location, "logicalLocations"):
            yield text(logical, "fullyQualifiedName", 2000)


def _names(name: str, rule: dict[str, Any]) -> Iterator[str]:
    """Yield the names of a vulnerability; Grype adds the package's to the rule's id."""
    known = identifiers.mentioned(name)
    yield known[0] if known else name
    heading = text(child(rule, "shortDescription"), "text")
    yield from identifiers.mentioned(heading)
    bracketed = _IN_BRACKETS.match(text(child(rule, "fullDescription"), "text"))
    if bracketed:  # Snyk's
        yield from identifiers.mentioned(bracketed[1])
    for key in ("tags", "cve", "cves", "aliases"):
        for tag in texts(child(rule, "properties"), key):
            yield from identifiers.mentioned(tag)


def _severity(
    told: dict[str, str], properties: dict[str, Any], rule: dict[str, Any]
) -> str:
    if told.get("severity"):
        return told["severity"][:20]
    heading = _SEVERITY.search(text(child(rule, "shortDescription"), "text"))
    if heading:
        return heading[1]
    if word := text(properties, "cvssV3_severity", 20):
        return word
    words = [tag for tag in texts(properties, "tags", 20) if scores.rank(tag) > 0]
    return text(properties, "severity", 20) or next(iter(words), "")


def _rating(properties: dict[str, Any]) -> scores.Scores:
    third = properties.get("cvssv3_baseScore") or properties.get("cvssV3")
    vector = text(properties, "cvssv3_vector") or text(properties, "cvssV3_vector")
    given = scores.joined(
        scores.read(third, vector, "3"),
        scores.read(
            properties.get("cvssv40_baseScore"), text(properties, "cvssv40_vector"), "4"
        ),
        scores.read(
            properties.get("cvssv2_baseScore"), text(properties, "cvssv2_vector"), "2"
        ),
    )
    general = scores.read(properties.get("security-severity"), "", "3")
    return scores.joined(given, general) if given.cvss3 is None else given


def _fixed(told: dict[str, str], properties: dict[str, Any]) -> str:
    fixed = text(properties, "fixed_version")
    if fixed.lower() == "not fixed":
        fixed = ""
    return told.get("fixed version") or told.get("fix version") or fixed


def _summary(rule: dict[str, Any], result: dict[str, Any]) -> str:
    for owner, key in ((rule, "shortDescription"), (rule, "fullDescription")):
        found = text(child(owner, key), "text")
        if found and identifiers.mentioned(found) != [found]:
            return found
    return text(child(result, "message"), "text")
