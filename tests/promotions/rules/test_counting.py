from __future__ import annotations

import math
from typing import Any

import pytest

from promotions.rules import (
    Options,
    OutcomeResult,
    Unscored,
    Vulnerability,
)
from promotions.rules.findings import fold
from tests.promotions.rules.images import (
    image,
    outcome,
    rule,
    with_vulnerabilities,
)

HOLDS, FAILS, UNKNOWN = OutcomeResult
BUCKETS = ("critical", "major", "minor")


def found(*vulnerabilities: Vulnerability, options: Options | None = None):
    """The counts in words: all, critical, major, minor."""
    facts = image(with_vulnerabilities(*vulnerabilities))
    fields = ["all", *BUCKETS]
    return [
        outcome(facts, rule(f"vulnerability_{name}", "gte", "0"), options).seen
        for name in fields
    ]


def one(**changes: Any) -> Vulnerability:
    return Vulnerability(**{"id": "CVE-2024-1", **changes})


@pytest.mark.parametrize(
    ("vulnerability", "counts"),
    [
        (one(cvss3=10.0), "1 1 0 0"),
        (one(cvss3=7.0), "1 1 0 0"),
        (one(cvss3=6.9), "1 0 1 0"),
        (one(cvss3=4.0), "1 0 1 0"),
        (one(cvss3=3.9), "1 0 0 1"),
        (one(cvss3=0.1), "1 0 0 1"),
        (one(cvss3=0.0), "1 0 0 0"),
        (one(cvss2=7.5), "1 1 0 0"),
        (one(cvss3=5.0, cvss2=7.5), "1 0 1 0"),
        (one(cvss3=5.0, severity="critical"), "1 0 1 0"),
        (one(cvss3=0.0, severity="critical"), "1 1 0 0"),
        (one(severity="critical"), "1 1 0 0"),
        (one(severity="HIGH"), "1 1 0 0"),
        (one(severity="Medium"), "1 0 1 0"),
        (one(severity="low"), "1 0 0 1"),
        (one(severity="negligible"), "1 0 0 1"),
        (one(cvss3=math.nan, severity="low"), "1 0 0 1"),
        (one(cvss3=11.0, cvss2=-1.0, severity="medium"), "1 0 1 0"),
        (one(cvss3=10**400, severity="medium"), "1 0 1 0"),
    ],
)
def test_finding_counts_in_msrs_bucket(vulnerability, counts):
    assert " ".join(found(vulnerability)) == counts


def test_bounds_of_the_buckets_are_options():
    options = Options(critical_from=9.0, major_from=7.0)
    assert found(one(cvss3=8.0), options=options) == ["1", "0", "1", "0"]


@pytest.mark.parametrize(
    ("score", "field"),
    [
        (9.0, "critical"),
        (8.9, "high"),
        (7.0, "high"),
        (4.0, "medium"),
        (3.9, "low"),
        (0.1, "low"),
    ],
)
def test_cvss3_ranges(score, field):
    facts = image(with_vulnerabilities(one(cvss3=score)))
    for name in ("critical", "high", "medium", "low"):
        counted = outcome(facts, rule(f"vulnerability_cvss3_{name}", "eq", "1"))
        assert (counted.result is HOLDS) is (name == field)


def test_cvss3_rule_waits_for_a_finding_with_another_score():
    facts = image(with_vulnerabilities(one(cvss2=9.0, severity="critical")))
    only = rule("vulnerability_cvss3_critical", "lte", "0")
    assert outcome(facts, only).result is UNKNOWN
    ignoring = Options(unscored=Unscored.IGNORE)
    assert outcome(facts, only, ignoring).result is HOLDS


def test_names_that_overlap_are_one_vulnerability_at_its_worst():
    counts = found(
        Vulnerability("GHSA-1", ("CVE-2024-1",), cvss3=5.0),
        Vulnerability("CVE-2024-2", severity="low"),
        Vulnerability("DSA-1", ("cve-2024-1", "DLA-1"), cvss3=9.0),
        Vulnerability("DLA-1", severity="unknown"),
    )
    assert counts == ["2", "1", "0", "1"]


def test_aliases_join_what_was_apart_before():
    names = [
        one.names
        for one in fold(
            [
                Vulnerability("A"),
                Vulnerability("B"),
                Vulnerability("CVE-1", ("A", "B")),
            ]
        )
    ]
    assert names == [("CVE-1", "A", "B")]


def test_findings_without_an_id_are_not_taken_for_one():
    assert found(one(id="", cvss3=9.0), one(id=" ", cvss3=9.0))[0] == "2"


def test_one_vulnerability_in_two_components_counts_once():
    facts = image(
        with_vulnerabilities(one(component="a"), one(component="b", cvss3=9.0))
    )
    assert outcome(facts, rule("vulnerability_all", "eq", "1")).result is HOLDS


@pytest.mark.parametrize(
    ("operator", "value", "result"),
    [
        ("lte", "3", HOLDS),
        ("lte", "2", UNKNOWN),
        ("lte", "0", FAILS),
        ("lt", "4", HOLDS),
        ("lt", "2", UNKNOWN),
        ("lt", "1", FAILS),
        ("gte", "1", HOLDS),
        ("gte", "3", UNKNOWN),
        ("gte", "4", FAILS),
        ("gt", "0", HOLDS),
        ("gt", "1", UNKNOWN),
        ("gt", "3", FAILS),
        ("eq", "0", FAILS),
        ("eq", "2", UNKNOWN),
        ("eq", "4", FAILS),
        ("neq", "0", HOLDS),
        ("neq", "3", UNKNOWN),
        ("neq", "4", HOLDS),
    ],
)
def test_one_counted_and_two_unscored_are_one_to_three(operator, value, result):
    facts = image(
        with_vulnerabilities(
            one(cvss3=9.0),
            Vulnerability("CVE-2024-7", severity="unknown"),
            Vulnerability("CVE-2024-8"),
        )
    )
    answered = outcome(facts, rule("vulnerability_critical", operator, value))
    assert (answered.result, answered.seen) == (result, "1 to 3")
    if result is UNKNOWN:
        assert "not known of CVE-2024-7; CVE-2024-8, without a score" in (
            answered.sentence
        )


def test_unscored_findings_count_among_all_and_the_fixable():
    facts = image(with_vulnerabilities(Vulnerability("CVE-1", fixed_version="2")))
    assert outcome(facts, rule("vulnerability_all", "eq", "1")).result is HOLDS
    assert outcome(facts, rule("vulnerability_fixable", "eq", "1")).result is HOLDS


def test_sentence_names_each_blocking_vulnerability_and_its_fix():
    assert outcome(image(), rule("vulnerability_critical", "lte", "0")).sentence == (
        "critical vulnerabilities: 2 (CVE-2024-1 in openssl 3.0.1, fixed in 3.0.2; "
        "CVE-2024-2 in bash), wanted ≤ 0"
    )


def test_sentence_names_five_and_counts_the_rest():
    many = [Vulnerability(f"CVE-2024-{n:02}", cvss3=9.0) for n in range(30)]
    facts = image(with_vulnerabilities(*many))
    sentence = outcome(facts, rule("vulnerability_critical", "lte", "0")).sentence
    assert "CVE-2024-04 and 25 more), wanted ≤ 0" in sentence
    assert "CVE-2024-05" not in sentence


def test_worst_findings_are_named_first():
    facts = image(
        with_vulnerabilities(
            Vulnerability("CVE-2", cvss3=7.0), Vulnerability("CVE-1", cvss3=9.9)
        )
    )
    seen = outcome(facts, rule("vulnerability_critical", "lte", "0")).sentence
    assert "(CVE-1; CVE-2)" in seen


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (("CVE-1",), "; 1 hidden does not count"),
        (("CVE-1", "CVE-2"), "; 2 hidden do not count"),
    ],
)
def test_sentence_mentions_what_is_hidden(hidden, said):
    facts = image(with_vulnerabilities(hidden=hidden))
    answered = outcome(facts, rule("vulnerability_critical", "lte", "0"))
    assert answered.sentence == f"critical vulnerabilities: 0, wanted ≤ 0{said}"


def test_outcome_says_who_scanned():
    assert outcome(image(), rule("vulnerability_all", "lte", "4")).source == (
        "Trivy 0.55"
    )
