"""An index is decided per runnable platform."""

from __future__ import annotations

import pytest

from promotions.rules import (
    Component,
    Evidence,
    Options,
    OutcomeResult,
    PlatformFacts,
    Result,
    Vulnerability,
)
from tests.promotions.rules.images import (
    UNKNOWN_IMAGE,
    decide,
    image,
    outcome,
    rule,
    scanned,
    unscanned,
    with_vulnerabilities,
)

HOLDS, FAILS, UNKNOWN = OutcomeResult
NO_CRITICAL = rule("vulnerability_critical", "lte", "0")
ONE = with_vulnerabilities(Vulnerability("CVE-1", cvss3=9.0))
TWO = with_vulnerabilities(
    Vulnerability("CVE-1", cvss3=9.0),
    Vulnerability("CVE-2", cvss3=9.0),
    name="linux/arm64",
)
CLEAN = with_vulnerabilities(name="linux/arm64")


def test_counts_are_the_maximum_and_not_the_sum():
    assert outcome(image(ONE, TWO), rule("vulnerability_all", "lte", "2")).result is (
        HOLDS
    )


def test_outcome_names_the_worst_platform_that_fails():
    failed = outcome(image(ONE, TWO), NO_CRITICAL)
    assert (failed.platform, failed.seen) == ("linux/arm64", "2")
    assert failed.sentence == (
        "critical vulnerabilities: 2 (CVE-1; CVE-2), wanted ≤ 0 (on linux/arm64)"
    )


def test_platform_is_not_named_where_there_is_one():
    assert outcome(image(ONE), NO_CRITICAL).platform == ""


def test_count_has_to_hold_on_each_platform():
    assert outcome(image(ONE, CLEAN), rule("vulnerability_all", "gte", "1")).result is (
        FAILS
    )


@pytest.mark.parametrize(("other", "result"), [("openssl", HOLDS), ("libressl", FAILS)])
def test_component_has_to_be_on_each_platform(other, result):
    components = Evidence((Component(other),))
    facts = image(scanned(), scanned("linux/arm64", components=components))
    answered = outcome(facts, rule("component.name", "oo", "openssl"))
    assert answered.result is result
    assert answered.platform == ("linux/arm64" if result is FAILS else "")


def test_excluded_component_may_be_on_no_platform():
    components = Evidence((Component("log4j"),))
    facts = image(scanned(), scanned("linux/arm64", components=components))
    answered = outcome(facts, rule("component.name", "noo", "log4j"))
    assert (answered.result, answered.platform) == (FAILS, "linux/arm64")


def test_missing_evidence_on_one_platform_waits():
    waiting = outcome(image(CLEAN, unscanned()), NO_CRITICAL)
    assert (waiting.result, waiting.platform) == (UNKNOWN, "linux/arm64")
    assert waiting.sentence == (
        "critical vulnerabilities: unknown, no scan of linux/arm64 has finished; "
        "scan the image (on linux/arm64)"
    )
    assert waiting.remedy == "scan the image"


def test_another_platform_that_fails_decides_without_waiting():
    failed = outcome(image(unscanned(), ONE), NO_CRITICAL)
    assert (failed.result, failed.platform) == (FAILS, "linux/amd64")


def test_image_without_platforms_is_one_of_which_nothing_is_known():
    assert outcome(UNKNOWN_IMAGE, NO_CRITICAL).result is UNKNOWN


def test_what_cannot_be_scanned_waits_unless_the_policy_allows_it():
    facts = image(unscanned("windows/amd64", unscannable=True))
    assert outcome(facts, NO_CRITICAL).result is UNKNOWN
    allowed = outcome(facts, NO_CRITICAL, Options(allow_unscannable=True))
    assert allowed.result is HOLDS
    assert allowed.sentence == (
        "critical vulnerabilities: no scan of windows/amd64 has finished; "
        "the policy allows what cannot be scanned"
    )


def test_allowing_what_cannot_be_scanned_allows_nothing_that_was_not_scanned():
    options = Options(allow_unscannable=True)
    facts = image(unscanned(unscannable=True), unscanned("linux/s390x"))
    assert outcome(facts, NO_CRITICAL, options).result is UNKNOWN
    failing = image(unscanned(unscannable=True), ONE)
    assert outcome(failing, NO_CRITICAL, options).result is FAILS


@pytest.mark.parametrize(
    ("names", "operator", "result"),
    [
        (["linux/amd64", "linux/arm64"], "eq", HOLDS),
        (["linux/amd64"], "eq", FAILS),
        (["linux/amd64", ""], "eq", UNKNOWN),
        (["linux/arm64", ""], "eq", HOLDS),
        (["linux/arm64", ""], "noo", FAILS),
        (["linux/amd64", ""], "noo", UNKNOWN),
        (["linux/amd64"], "noo", HOLDS),
    ],
)
def test_platforms_of_an_image_are_asked_together(names, operator, result):
    facts = image(*map(PlatformFacts, names))
    assert outcome(facts, rule("platform", operator, "linux/arm64")).result is result


def test_one_source_per_platform_is_named():
    other = scanned(
        "linux/arm64", vulnerabilities=Evidence((Vulnerability("CVE-9"),), "Grype")
    )
    failed = outcome(image(CLEAN, other), rule("vulnerability_all", "eq", "0"))
    assert failed.source == "Grype"


def test_labels_are_asked_of_each_platform():
    facts = image(scanned(), scanned("linux/arm64", labels=Evidence({})))
    answered = outcome(facts, rule("label", "sw", "team="))
    assert (answered.result, answered.platform) == (FAILS, "linux/arm64")
    assert answered.sentence == (
        'label: there is none, so none starts with "team=" (on linux/arm64)'
    )


def test_any_failure_decides_before_missing_evidence():
    verdict = decide(UNKNOWN_IMAGE, NO_CRITICAL, rule("tag", "eq", "other"))
    assert verdict.result is Result.NOT_MATCHED
