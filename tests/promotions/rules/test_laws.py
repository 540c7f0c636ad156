"""What is true of all rules and all images."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import (
    AnyOf,
    Component,
    Evidence,
    ImageFacts,
    InvalidRule,
    Options,
    OutcomeResult,
    PlatformFacts,
    Result,
    Rule,
    Vulnerability,
    compile_rules,
    evaluate,
    matches,
    parse_rules,
)
from promotions.rules.spdx import read_license
from tests.promotions.rules import strategies as some
from tests.promotions.rules.images import DIGEST, NOW, decide

HOLDS, FAILS, UNKNOWN = OutcomeResult
STRENGTH = [Result.NOT_MATCHED, Result.WAITING, Result.MATCHED]
ORDER = [FAILS, UNKNOWN, HOLDS]


@given(some.policies, some.criteria, some.images, some.options)
def test_another_rule_never_brings_an_image_closer(rules, added, facts, options):
    if facts.artifact_type and not compile_rules([added]).images_only:
        return  # a rule on artifact_type lets in what no policy takes without one
    before = decide(facts, *rules, options=options).result
    after = decide(facts, *rules, added, options=options).result
    assert STRENGTH.index(after) <= STRENGTH.index(before)


@given(some.policies, some.images, some.options)
def test_unknown_never_promotes(rules, facts, options):
    verdict = decide(facts, *rules, options=options)
    results = {outcome.result for outcome in verdict.outcomes}
    if UNKNOWN in results:
        assert verdict.result is not Result.MATCHED
    assert (verdict.result is Result.NOT_MATCHED) is (FAILS in results)


@given(some.policies, some.known_and_less, some.options)
def test_learning_more_never_changes_a_no(rules, images, options):
    known, less = images
    if decide(less, *rules, options=options).result is Result.NOT_MATCHED:
        assert decide(known, *rules, options=options).result is Result.NOT_MATCHED


@given(some.policies, some.known_and_less)
def test_what_matches_on_little_evidence_matches_on_more(rules, images):
    known, less = images
    if decide(less, *rules).result is Result.MATCHED:
        assert decide(known, *rules).result is Result.MATCHED


@given(
    some.policies.flatmap(
        lambda rules: st.tuples(st.just(rules), st.permutations(rules))
    ),
    some.images,
)
def test_order_of_rules_does_not_matter(lists, facts):
    first, second = (decide(facts, *rules) for rules in lists)
    assert first.result is second.result
    assert set(first.outcomes) == set(second.outcomes)
    assert first.reevaluate_at == second.reevaluate_at
    assert first.expires_at == second.expires_at


@given(some.policies)
def test_rules_round_trip_through_json(rules):
    written = [rule.to_json() for rule in rules]
    try:
        parsed = parse_rules(json.loads(json.dumps(written)))
    except InvalidRule as error:
        assert "contradict" in str(error)  # noqa: PT017 - the other way is checked, too
    else:
        assert parsed == tuple(rules)


@given(some.policies, some.images, some.options)
def test_fast_answer_agrees_with_the_explained_one(rules, facts, options):
    compiled = compile_rules(rules, options)
    assert matches(compiled, facts, NOW) is evaluate(compiled, facts, NOW).result


@given(some.policies, some.images, some.options)
def test_only_time_rules_wake_or_expire(rules, facts, options):
    verdict = decide(facts, *rules, options=options)
    if verdict.reevaluate_at or verdict.expires_at:
        assert compile_rules(rules).wakes_by_time
    if verdict.reevaluate_at:
        assert verdict.result is Result.WAITING
    if verdict.expires_at:
        assert verdict.result is Result.MATCHED
        later = decide(facts, *rules, options=options, now=verdict.expires_at)
        assert later.result is not Result.MATCHED or later.expires_at


@given(some.policies, some.images)
def test_rules_without_needs_never_ask_for_evidence(rules, facts):
    compiled = compile_rules(rules)
    if not compiled.needs:
        bare = ImageFacts(
            facts.tag,
            facts.digest,
            facts.pushed_at,
            facts.pushed_by,
            facts.artifact_type,
            facts.size,
        )
        assert matches(compiled, bare, NOW) is matches(compiled, facts, NOW)


@given(st.lists(some.criteria, max_size=12), some.known_images)
def test_rules_that_one_image_meets_are_never_called_contradictory(rules, facts):
    met = [rule for rule in rules if outcome_of(facts, rule) is HOLDS]
    assert parse_rules([rule.to_json() for rule in met]) == tuple(met)


@given(st.lists(some.rules, min_size=2, max_size=4), some.images, some.options)
def test_group_is_as_good_as_its_best_alternative(rules, facts, options):
    alone = [outcome_of(facts, rule, options) for rule in rules]
    group = AnyOf(tuple(rules))
    whole = AnyOf((*rules[1:], rules[0]))
    assert outcome_of(facts, group, options) is max(alone, key=ORDER.index)
    assert outcome_of(facts, whole, options) is outcome_of(facts, group, options)


@given(some.rules, some.images)
def test_rule_or_itself_is_the_rule(rule, facts):
    assert outcome_of(facts, AnyOf((rule, rule))) is outcome_of(facts, rule)


def outcome_of(
    facts: ImageFacts, rule: Rule | AnyOf, options: Options | None = None
) -> OutcomeResult:
    """The rule's own answer, whatever the image is."""
    found = decide(facts, rule, options=options).outcomes
    return found[-1].result


anything = st.text(st.characters(exclude_categories=()), max_size=8)
numbers = st.none() | st.floats() | st.just(10**400) | st.just(-(10**400))
hostile_vulnerabilities = st.builds(
    Vulnerability,
    anything,
    st.tuples(anything),
    anything,
    numbers,
    numbers,
    anything,
    anything,
    anything,
)
hostile_components = st.builds(
    Component, anything, anything, anything, st.tuples(anything)
)
hostile_platforms = st.builds(
    PlatformFacts,
    anything,
    st.builds(Evidence, some.tuples(hostile_components), anything),
    st.builds(Evidence, some.tuples(hostile_components), anything),
    st.builds(Evidence, some.tuples(hostile_vulnerabilities), anything),
    st.builds(Evidence, st.dictionaries(anything, anything, max_size=2), anything),
    some.tuples(anything),
)
hostile_images = st.builds(
    ImageFacts,
    anything,
    st.just(DIGEST),
    st.datetimes(timezones=st.timezones()),
    anything,
    anything,
    st.integers(min_value=0, max_value=10**100),
    some.tuples(hostile_platforms, 2),
    st.builds(Evidence, st.frozensets(anything), anything),
    st.builds(Evidence, some.tuples(anything), anything),
)


@given(some.policies, hostile_images, some.options)
def test_hostile_facts_are_answered_in_printable_sentences(rules, facts, options):
    verdict = decide(facts, *rules, options=options)
    assert all(one.sentence.isprintable() for one in verdict.outcomes)
    assert json.dumps([verdict.to_json(), facts.to_json()])


expressions = st.lists(
    st.sampled_from(["(", ")", "MIT", "X11", "OR", "AND", "WITH", "GPL-2.0+"])
)


@given(anything | expressions.map(" ".join))
def test_whatever_a_license_is_it_has_alternatives(text):
    found = read_license(text)
    assert found.alternatives
    assert all(found.alternatives)
    assert found.terms == frozenset().union(*found.alternatives)
