"""What is shown and what policies count are the same numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import Vulnerability, findings
from repositories.scanning import severity
from repositories.scanning.severity import Bucket, Counts, counts

WORDS = (
    *("critical", "High", "IMPORTANT", "major", "Medium", "moderate", " minor "),
    *("low", "Negligible", "none", "Unknown", "", "severe"),
)
NAMES = ("CVE-1", "cve-1", " CVE-2 ", "CVE-2", "GHSA-a", "GHSA-b", "DSA-1", "", "  ")
SCORES = st.one_of(
    st.none(),
    st.sampled_from((0.0, -0.0, 0.1, 3.9, 3.95, 4.0, 6.9, 6.99, 7.0, 10.0, 10.1, -1.0)),
    st.floats(),
)
FINDINGS = st.builds(
    Vulnerability,
    id=st.sampled_from(NAMES),
    aliases=st.lists(st.sampled_from(NAMES), max_size=3).map(tuple),
    severity=st.sampled_from(WORDS),
    cvss3=SCORES,
    cvss2=SCORES,
)


@given(st.lists(FINDINGS, max_size=12))
def test_counts_are_those_of_rules(found):
    buckets = [one.bucket(7.0, 4.0) for one in findings.fold(found)]
    assert counts(found) == Counts(
        critical=buckets.count(findings.Bucket.CRITICAL),
        major=buckets.count(findings.Bucket.MAJOR),
        minor=buckets.count(findings.Bucket.MINOR),
        all=len(buckets),
    )


@given(st.lists(FINDINGS, max_size=12))
def test_vulnerabilities_are_told_apart_as_rules_do(found):
    assert severity.fold(found) == [list(one.members) for one in findings.fold(found)]


@pytest.mark.parametrize(
    ("word", "cvss3", "cvss2", "expected"),
    [
        ("low", 7.0, None, Bucket.CRITICAL),
        ("critical", 6.9, 9.0, Bucket.MAJOR),
        ("critical", None, 3.9, Bucket.MINOR),
        ("High", None, None, Bucket.CRITICAL),
        ("high", 0.0, None, Bucket.CRITICAL),
        ("Negligible", None, None, Bucket.MINOR),
        ("", 0.0, None, Bucket.NONE),
        ("Unknown", None, None, Bucket.UNKNOWN),
    ],
)
def test_the_score_counts_before_the_word(word, cvss3, cvss2, expected):
    assert severity.bucket(word, cvss3, cvss2) is expected


def test_all_has_those_without_a_score():
    found = [
        Vulnerability("CVE-1", cvss3=9.8),
        Vulnerability("CVE-1", aliases=("GHSA-1",), severity="low"),
        Vulnerability("GHSA-1", severity="medium"),
        Vulnerability("CVE-2", severity="Unknown"),
    ]
    assert counts(found) == Counts(critical=1, all=2)
