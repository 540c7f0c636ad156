from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import (
    Field,
    ImageFacts,
    InvalidRule,
    Operator,
    Outcome,
    OutcomeResult,
    Result,
    Rule,
    Verdict,
    compile_rules,
    evaluate,
    matches,
    parse_rules,
)
from promotions.rules.outcomes import combine
from promotions.rules.text_operators import PATTERN_MAX_MEMORY, compile_pattern

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = ImageFacts("1.1-beta", "sha256:" + "ab" * 32, NOW)
HOLDS, FAILS, UNKNOWN = OutcomeResult


def rule(operator: str, *values: str) -> Rule:
    return Rule(Field.TAG, Operator(operator), values)


def verdict(*rules: Rule, tag: str = FACTS.tag) -> Verdict:
    return evaluate(compile_rules(rules), replace(FACTS, tag=tag), NOW)


def always(result: OutcomeResult):
    return lambda _facts, _now: result


@pytest.mark.parametrize(
    ("operator", "values", "result", "said"),
    [
        ("eq", ["1.1-beta"], HOLDS, 'equals "1.1-beta"'),
        ("eq", ["1.1"], FAILS, 'does not equal "1.1"'),
        ("eq", ["1.1-Beta"], FAILS, 'does not equal "1.1-Beta"'),
        ("sw", ["1."], HOLDS, 'starts with "1."'),
        ("sw", ["2."], FAILS, 'does not start with "2."'),
        ("ew", ["-beta"], HOLDS, 'ends with "-beta"'),
        ("ew", ["-stable"], FAILS, 'does not end with "-stable"'),
        ("c", [".1-"], HOLDS, 'contains ".1-"'),
        ("c", ["BETA"], FAILS, 'does not contain "BETA"'),
        ("oo", ["1.0", "1.1-beta"], HOLDS, 'is one of "1.0", "1.1-beta"'),
        ("oo", ["1.0", "1.1"], FAILS, 'is not one of "1.0", "1.1"'),
        ("noo", ["1.0", "1.1"], HOLDS, 'is not one of "1.0", "1.1"'),
        ("noo", ["1.0", "1.1-beta"], FAILS, 'is one of "1.0", "1.1-beta"'),
        ("matches", [r"\d-b"], HOLDS, r'matches "\d-b"'),
        ("matches", ["^beta"], FAILS, 'does not match "^beta"'),
        ("matches", ["BETA"], FAILS, 'does not match "BETA"'),
        ("matches", ["(?i)BETA$"], HOLDS, 'matches "(?i)BETA$"'),
    ],
)
def test_operator_answers_and_says_why(operator, values, result, said):
    only = rule(operator, *values)
    assert verdict(only).outcomes == (
        Outcome(only, result, "1.1-beta", f'tag "1.1-beta" {said}'),
    )


def test_no_rules_match_every_tag():
    assert verdict().result is Result.MATCHED


def test_all_rules_must_hold_and_each_is_explained():
    answer = verdict(rule("sw", "1."), rule("ew", "-stable"), rule("c", "rc"))
    assert answer.result is Result.NOT_MATCHED
    assert [outcome.result for outcome in answer.outcomes] == [HOLDS, FAILS, FAILS]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], Result.MATCHED),
        ([HOLDS, HOLDS], Result.MATCHED),
        ([HOLDS, UNKNOWN], Result.WAITING),
        ([UNKNOWN, FAILS], Result.NOT_MATCHED),
        ([FAILS, UNKNOWN], Result.NOT_MATCHED),
    ],
)
def test_missing_evidence_waits_unless_something_fails(results, expected):
    assert combine(results) is expected


def test_fast_path_treats_missing_evidence_alike():
    tag_rules = compile_rules([rule("c", "beta")])
    waits = replace(tag_rules, probes=(always(UNKNOWN), *tag_rules.probes))
    fails = replace(waits, probes=(*waits.probes, always(FAILS)))
    assert matches(waits, FACTS, NOW) is Result.WAITING
    assert matches(fails, FACTS, NOW) is Result.NOT_MATCHED


def test_groups_are_numbered_through_the_rules():
    answer = verdict(
        rule("matches", r"^(?P<major>\d+)\.(\d+)(-rc)?"),
        rule("sw", "1."),
        rule("matches", r"-(\w+)$"),
    )
    assert answer.groups == ("1", "1", "", "beta")


def test_compiled_rules_know_how_many_groups_they_capture():
    compiled = compile_rules([rule("matches", "(a)(b)?"), rule("matches", "(c)")])
    assert compiled.group_count == 3


def test_nothing_is_captured_where_a_rule_fails():
    assert verdict(rule("matches", "(beta)"), rule("ew", "-stable")).groups == ()


def test_verdict_is_stored_as_json():
    answer = verdict(rule("matches", "(b.*)"))
    moved = replace(
        answer, reevaluate_at=NOW.astimezone(timezone(timedelta(hours=2)))
    ).to_json()
    assert moved == {
        "result": "matched",
        "outcomes": [
            {
                "rule": {"field": "tag", "operator": "matches", "values": ["(b.*)"]},
                "result": "holds",
                "seen": "1.1-beta",
                "sentence": 'tag "1.1-beta" matches "(b.*)"',
            }
        ],
        "reevaluate_at": "2026-03-01T12:00:00+00:00",
        "expires_at": None,
        "groups": ["beta"],
    }
    assert answer.to_json()["reevaluate_at"] is None


def test_facts_are_stored_as_json_in_utc():
    facts = replace(FACTS, pushed_at=NOW.astimezone(timezone(timedelta(hours=-5))))
    assert facts.to_json() == {
        "tag": "1.1-beta",
        "digest": "sha256:" + "ab" * 32,
        "pushed_at": "2026-03-01T12:00:00+00:00",
    }


def test_pattern_memory_is_bounded_and_its_complaints_are_silent(capfd):
    compiled = compile_pattern("(a|b|ab)*c(.{20}){3}$")
    assert compiled.options.max_mem == PATTERN_MAX_MEMORY
    assert compiled.search("ab" * 60) is None
    with pytest.raises(InvalidRule):
        rule("matches", "(")
    assert capfd.readouterr().err == ""


LETTERS = st.text("ab.-1", min_size=1, max_size=4)
TAGS = LETTERS.map(lambda text: f"v{text}")
RULES = st.one_of(
    st.builds(rule, st.sampled_from(["eq", "sw"]), TAGS | st.sampled_from(["v", "va"])),
    st.builds(rule, st.sampled_from(["ew", "c"]), LETTERS),
    st.builds(
        lambda operator, values: rule(operator, *values),
        st.sampled_from(["oo", "noo"]),
        st.lists(TAGS, min_size=1, max_size=3),
    ),
    st.builds(rule, st.just("matches"), st.sampled_from(["a+", "^v(.)", "1$", "b?"])),
)
RULE_LISTS = st.lists(RULES, max_size=4)


@given(RULE_LISTS, RULES, TAGS)
def test_another_rule_never_makes_more_images_match(rules, added, tag):
    if verdict(*rules, added, tag=tag).result is Result.MATCHED:
        assert verdict(*rules, tag=tag).result is Result.MATCHED


@given(
    RULE_LISTS.flatmap(lambda rules: st.tuples(st.just(rules), st.permutations(rules))),
    TAGS,
)
def test_order_of_rules_does_not_matter(lists, tag):
    first, second = (verdict(*rules, tag=tag) for rules in lists)
    assert first.result is second.result
    assert set(first.outcomes) == set(second.outcomes)


@given(RULE_LISTS, TAGS)
def test_fast_path_agrees_with_evaluate(rules, tag):
    facts = replace(FACTS, tag=tag)
    compiled = compile_rules(rules)
    assert matches(compiled, facts, NOW) is evaluate(compiled, facts, NOW).result


@given(RULE_LISTS, TAGS)
def test_rules_met_by_a_tag_are_never_called_contradictory(rules, tag):
    if verdict(*rules, tag=tag).result is Result.MATCHED:
        assert parse_rules([one.to_json() for one in rules]) == tuple(rules)
