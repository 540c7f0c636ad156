from __future__ import annotations

import pytest

from repositories.scanning import formats
from repositories.scanning.formats.sarif import UNDECIDED
from repositories.scanning.report import Kind
from tests.repositories.scanning.formats import samples


def read(document, *complete):
    return formats.read(samples.encoded(document), complete=frozenset(complete))


def log(tool, rules, results):
    driver = {"name": tool, "version": "1.0", "rules": rules}
    run = {"tool": {"driver": driver}, "results": results}
    return {"version": "2.1.0", "runs": [run]}


def location(uri="image/x", name=""):
    logical = [{"fullyQualifiedName": name}] if name else []
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}},
        "logicalLocations": logical,
    }


def test_trivy():
    report = read(samples.sarif())
    (found,) = report.vulnerabilities

    assert (report.format, report.source) == ("SARIF", "Trivy 0.55.1")
    assert report.digests == {samples.DIGEST}
    assert report.config_digests == {samples.CONFIG}
    assert report.coverage == {Kind.VULNERABILITIES: None}
    assert report.components == ()
    assert (found.id, found.severity, found.cvss3) == ("CVE-2024-0001", "HIGH", 9.8)
    assert found.purl == "pkg:generic/openssl@3.0.1-1"  # of the message, not the help
    assert found.fixed_version == "3.0.2-1"
    assert found.summary == "openssl reads too far"
    assert found.link == "https://example.test/1"


def test_grype_adds_the_package_to_the_rule_and_tells_it_in_a_sentence():
    rule = {
        "id": "CVE-2024-0002-express",
        "shortDescription": {"text": "CVE-2024-0002 medium vulnerability for express"},
        "help": {
            "text": "Vulnerability CVE-2024-0002\nSeverity: medium\nFix Version: 5"
        },
        "properties": {"security-severity": "6.1"},
    }
    result = {
        "ruleId": rule["id"],
        "message": {
            "text": "The path /app reports express at version 4.17.1  which is a "
            "vulnerable (npm) package installed in the container"
        },
        "locations": [location(name=f"website@{samples.DIGEST}:/app")],
    }
    report = read(log("grype", [rule], [result]))
    (found,) = report.vulnerabilities

    assert report.digests == {samples.DIGEST}
    assert (found.id, found.aliases) == ("CVE-2024-0002", ())
    assert (found.purl, found.severity) == (samples.EXPRESS, "medium")
    assert (found.cvss3, found.fixed_version) == (6.1, "5")


def test_snyk_names_the_cve_in_the_description_and_the_package_in_the_location():
    rule = {
        "id": "SNYK-ALPINE318-EXPAT-1",
        "shortDescription": {"text": "High severity - XXE vulnerability in expat"},
        "fullDescription": {"text": "(CVE-2024-0003) expat/expat@2.2.5-r0"},
        "help": {"text": "", "markdown": "## Overview"},
        "properties": {"tags": ["security", "CWE-1", "alpine:3.18"]},
    }
    result = {
        "ruleId": rule["id"],
        "level": "error",
        "message": {"text": "This file introduces a vulnerable expat package."},
        "locations": [location("Dockerfile", "expat@2.2.5-r0")],
    }
    (found,) = read(log("Snyk Container", [rule], [result])).vulnerabilities

    assert (found.id, found.aliases) == ("CVE-2024-0003", ("SNYK-ALPINE318-EXPAT-1",))
    assert (found.purl, found.severity) == ("pkg:generic/expat@2.2.5-r0", "High")
    assert found.cvss3 is None


def test_scout_lists_purls():
    rule = {
        "id": "CVE-2024-0004",
        "properties": {
            "purls": [samples.EXPRESS, samples.OPENSSL],
            "fixed_version": "not fixed",
            "cvssV3": 7.1,
            "cvssV3_severity": "HIGH",
            "security-severity": "9.0",
        },
    }
    report = read(log("docker scout", [rule], [{"ruleId": rule["id"], "ruleIndex": 0}]))
    found = report.vulnerabilities[0]

    assert [one.purl for one in report.vulnerabilities] == [
        samples.EXPRESS,
        samples.OPENSSL,
    ]
    assert (found.severity, found.cvss3, found.fixed_version) == ("HIGH", 7.1, "")


def test_the_rule_may_be_given_by_its_number():
    rule = {"id": "CVE-2024-0005", "helpUri": "https://example.test/5"}
    (found,) = read(log("x", [rule], [{"rule": {"index": 0}}])).vulnerabilities

    assert (found.id, found.link) == ("CVE-2024-0005", "https://example.test/5")
    assert found.purl == "pkg:generic/unknown"


@pytest.mark.parametrize("kind", ["Misconfiguration", "Secret", "License"])
def test_other_rules_of_trivy_are_passed_over(kind):
    document = samples.sarif()
    document["runs"][0]["tool"]["driver"]["rules"][0]["name"] = kind

    assert read(document).vulnerabilities == ()


def test_code_analysis_is_no_evidence_of_an_image():
    rule = {"id": "py/sql-injection", "properties": {"security-severity": "8.8"}}
    report = read(log("CodeQL", [rule], [{"ruleId": rule["id"]}]))

    assert report.vulnerabilities == ()
    assert report.coverage == {Kind.VULNERABILITIES: UNDECIDED}


@pytest.mark.parametrize(
    ("tool", "told"), [("grype", True), ("Snyk Container", True), ("Trivy", False)]
)
def test_no_result_counts_of_tools_that_look_for_vulnerabilities_only(tool, told):
    document = log(tool, [], [])

    assert (read(document).coverage[Kind.VULNERABILITIES] is None) == told
    stated = read(document, Kind.VULNERABILITIES)
    assert stated.coverage[Kind.VULNERABILITIES] is None


def test_all_results_of_such_a_tool_count():
    document = log("Snyk Container", [], [{"ruleId": "an id of its own"}])

    assert [found.id for found in read(document).vulnerabilities] == [
        "an id of its own"
    ]


def test_a_result_of_such_a_tool_without_a_name_is_refused():
    with pytest.raises(formats.UnreadableReport, match=r"results\[0\] has no ruleId"):
        read(log("grype", [], [{"message": {"text": "x"}}]))


def test_trivy_says_of_rules_of_any_name_that_they_are_vulnerabilities():
    rule = {"id": "XYZ-1", "name": "LanguageSpecificPackageVulnerability"}

    assert read(log("Trivy", [rule], [{"ruleId": "XYZ-1"}])).vulnerabilities


def test_a_run_without_results_did_not_finish():
    document = log("grype", [], None)

    assert read(document).coverage == {Kind.VULNERABILITIES: UNDECIDED}


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, 0),
        ({"suppressions": [{"kind": "external"}]}, 0),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, 1),
        ({"suppressions": []}, 1),
        ({"kind": "pass"}, 0),
        ({"kind": "fail"}, 1),
    ],
)
def test_what_was_suppressed_is_no_finding(fields, counts):
    document = samples.sarif()
    document["runs"][0]["results"][0] |= fields
    report = read(document)

    assert len(report.vulnerabilities) == counts
    assert report.coverage == {Kind.VULNERABILITIES: None}


def test_other_versions_are_refused():
    with pytest.raises(formats.UnreadableReport, match="This version of SARIF"):
        read(samples.sarif(version="2.0.0"))
