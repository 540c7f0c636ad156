"""Groups of alternatives, what is no image, and what a verdict stores."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.rules import (
    AnyOf,
    Criterion,
    EvidenceKind,
    InvalidRule,
    OutcomeResult,
    Result,
    compile_rules,
    matches,
    parse_rules,
)
from tests.promotions.rules.images import (
    NOW,
    UNKNOWN_IMAGE,
    decide,
    image,
    outcome,
    rule,
    unscanned,
)

HOLDS, FAILS, UNKNOWN = OutcomeResult
STABLE = rule("tag", "ew", "-stable")
RELEASE = rule("tag", "matches", r"^(\d+)\.(\d+)")
CLEAN = rule("vulnerability_critical", "lte", "0")
HELM = "application/vnd.cncf.helm.config.v1+json"
TRIPLE = {"field": "tag", "operator": "c", "values": ["a"]}


@pytest.mark.parametrize(
    ("alternatives", "facts", "result", "said"),
    [
        (
            (STABLE, RELEASE),
            image(),
            HOLDS,
            r'one of 2 alternatives is enough: tag "1.4.2" matches "^(\d+)\.(\d+)"',
        ),
        (
            (STABLE, rule("tag", "sw", "v")),
            image(),
            FAILS,
            (
                "none of 2 alternatives holds: "
                'tag "1.4.2" does not end with "-stable"; '
                'tag "1.4.2" does not start with "v"'
            ),
        ),
        (
            (STABLE, CLEAN),
            image(unscanned()),
            UNKNOWN,
            (
                "one of 2 alternatives must hold, and none does yet: critical "
                "vulnerabilities: unknown, no scan of linux/arm64 has finished; "
                "scan the image"
            ),
        ),
    ],
)
def test_group_answers_and_says_why(alternatives, facts, result, said):
    answered = outcome(facts, AnyOf(alternatives))
    assert (answered.result, answered.sentence) == (result, said)
    assert [part.rule for part in answered.parts] == list(alternatives)


def test_group_is_stored_with_the_outcome_of_each_alternative():
    stored: Any = outcome(image(), AnyOf((STABLE, RELEASE))).to_json()
    assert stored["rule"] == {"any": [STABLE.to_json(), RELEASE.to_json()]}
    assert [part["result"] for part in stored["parts"]] == ["fails", "holds"]


def test_outcome_of_missing_evidence_stores_what_to_do():
    stored = outcome(image(unscanned()), CLEAN).to_json()
    assert stored["remedy"] == "scan the image"
    assert set(stored) == {"rule", "result", "seen", "sentence", "remedy"}


def test_outcome_of_a_platform_stores_platform_and_source():
    stored = outcome(image(*image().platforms, unscanned()), CLEAN).to_json()
    assert (stored["platform"], stored["source"]) == ("linux/amd64", "Trivy 0.55")


def test_group_is_read_and_written_unchanged():
    written = [TRIPLE, {"any": [TRIPLE, TRIPLE | {"values": ["b"]}]}]
    assert [one.to_json() for one in parse_rules(written)] == written


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (
            {"any": [TRIPLE]},
            "Rule 1: A group of alternatives has 2 to 20",
        ),
        ({"any": []}, "has 2 to 20 rules, not 0."),
        ({"any": [TRIPLE] * 21}, "at most 20 rules, not 21."),
        ({"any": TRIPLE}, 'A group of alternatives is {"any": [rule, …]}.'),
        ({"any": [TRIPLE] * 2} | TRIPLE, 'is {"any": [rule, …]}.'),
        (
            {"any": [TRIPLE, TRIPLE | {"field": "colour"}]},
            'Rule 1: alternative 2: There is no field "colour"',
        ),
        (
            {"any": [TRIPLE, {"any": [TRIPLE, TRIPLE]}]},
            'Rule 1: alternative 2: A rule has no "any"',
        ),
    ],
)
def test_what_is_no_group_is_refused(group, said):
    with pytest.raises(InvalidRule) as refused:
        parse_rules([group])
    assert said in str(refused.value)


def test_rules_in_groups_count_as_rules():
    with pytest.raises(InvalidRule, match="at most 50 rules, not 60"):
        parse_rules([{"any": [TRIPLE] * 20}] * 3)


def test_group_in_words():
    assert AnyOf((STABLE, CLEAN)).words == (
        'tag ends with "-stable" or critical vulnerabilities ≤ 0'
    )


@pytest.mark.parametrize(
    ("tag", "groups"),
    [("1.4.2", ("1", "4", "2")), ("v2", ("", "", "2"))],
)
def test_pattern_in_a_group_captures_only_where_it_matches(tag, groups):
    rules: list[Criterion] = [
        AnyOf((RELEASE, rule("tag", "sw", "v"))),
        rule("tag", "matches", r"(\d)$"),
    ]
    assert decide(image(tag=tag), *rules).groups == groups
    assert compile_rules(rules).group_count == 3


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        ([], set()),
        ([STABLE, rule("updated_at_duration", "bf", "1h")], set()),
        ([rule("size", "lt", "1GB"), rule("pushed_by", "eq", "dana")], set()),
        ([CLEAN, rule("vulnerability.id", "noo", "CVE-1")], {"vulnerabilities"}),
        ([rule("scan_age", "lt", "7d")], {"vulnerabilities"}),
        ([rule("component.purl", "sw", "pkg:")], {"components"}),
        ([rule("license.name", "noo", "MIT")], {"licenses"}),
        ([rule("label", "sw", "a=")], {"config"}),
        ([rule("signature", "eq", "key")], {"signatures"}),
        (
            [AnyOf((STABLE, rule("sbom", "eq", "true"))), CLEAN],
            {"attachments", "vulnerabilities"},
        ),
    ],
)
def test_compiled_rules_know_which_evidence_they_need(rules, needs):
    assert compile_rules(rules).needs == {EvidenceKind(kind) for kind in needs}


def test_what_is_no_image_matches_no_policy_that_does_not_ask_for_it():
    chart = image(artifact_type=HELM)
    verdict = decide(chart, RELEASE)
    assert verdict.result is Result.NOT_MATCHED
    assert matches(compile_rules([RELEASE]), chart, NOW) is Result.NOT_MATCHED
    first = verdict.outcomes[0]
    assert (first.rule, first.seen) == (None, HELM)
    assert first.sentence == (
        f"the tag is no container image but {HELM}; "
        "only a policy with a rule on artifact_type promotes such"
    )
    assert first.to_json()["rule"] is None


@pytest.mark.parametrize("artifact_type", [HELM, ""])
def test_policy_that_asks_for_a_type_takes_what_has_it(artifact_type):
    asked = rule("artifact_type", "eq", HELM)
    facts = image(artifact_type=artifact_type)
    expected = Result.MATCHED if artifact_type else Result.NOT_MATCHED
    assert decide(facts, asked).result is expected
    assert decide(facts, AnyOf((asked, STABLE))).result is expected


def test_image_is_called_so_where_a_type_is_asked_for():
    answered = outcome(image(), rule("artifact_type", "eq", HELM))
    assert answered.sentence == (
        f'type of artifact container image does not equal "{HELM}"'
    )


def test_unknown_facts_are_stored_small():
    assert set(UNKNOWN_IMAGE.to_json()) == {"tag", "digest", "pushed_at"}


def test_known_facts_are_stored_as_a_summary():
    facts: Any = image().to_json()
    (stored,) = facts["platforms"]
    assert stored["components"] == {
        "count": 3,
        "source": "Trivy 0.55",
        "at": "2026-03-01T06:00:00+00:00",
    }
    assert stored["worst"] == ["CVE-2024-1", "CVE-2024-2", "CVE-2024-3", "CVE-2024-4"]
    assert unscanned().to_json()["licenses"] == {
        "missing": "no scan of linux/arm64 has finished"
    }
