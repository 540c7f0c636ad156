from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from promotions.rules import (
    InvalidRule,
    InvalidTemplate,
    TagTemplate,
    TemplateContext,
    parse_rules,
    with_suffix,
)
from promotions.rules.reach import may_feed
from tests.factories import tag_rule

EW, SW, C, EQ, OO, NOO = (
    partial(tag_rule, operator) for operator in ("ew", "sw", "c", "eq", "oo", "noo")
)


def pattern(text):
    return tag_rule("matches", text)


def semver(operator, value):
    return {"field": "semver", "operator": operator, "values": [value]}


def feeds(template, rules, next_rules, *, suffixed=False):
    return may_feed(
        TagTemplate.parse(template),
        parse_rules(rules),
        parse_rules(next_rules),
        suffixed=suffixed,
    )


CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


@pytest.mark.parametrize(
    ("template", "rules", "next_rules"),
    [
        ("%n-qa", [], [EW("-stable")]),
        ("%Y%m%d-%H%M%S", [], [EW("stable")]),
        ("%Y%m%d-%H%M%S", [], [C("-rc")]),
        ("%Y%m%d-%H%M%S", [], [EQ("2026-01-01")]),
        ("%n", [EW("-stable")], [EW("-beta")]),
        ("%n", [SW("1.")], [EW("-qa"), SW("2.")]),
        ("%n", [OO("edge", "nightly")], [NOO("edge", "nightly")]),
        ("%n", [pattern("^v[0-9]+$")], [EQ("latest")]),
        ("%n", [semver("lt", "2.0.0")], [semver("gte", "2.0.0")]),
        ("%n", [OO("1.0.0", "1.1.0")], [semver("gte", "2")]),
        ("stable", [], [pattern("^v[0-9]")]),
        ("stable", [], [NOO("stable")]),
        ("v%Y", [], [SW("1.")]),
        ("%n-%H", [], [EQ("latest")]),
        ("qa-%n", [], [SW("1.")]),
        ("qa-%n", [OO("1.0", "1.1")], [OO("qa-1.2", "1.0")]),
        ("%n-%{digest}", [], [EW("-stable")]),
        ("%a-%d", [], [SW("v")]),
        ("%B", [], [EW("1")]),
        ("%p", [], [SW("X")]),
        ("%{namespace}-%n", [], [SW("V")]),
        ("x%{1}", [pattern("^v(.*)")], [SW("v")]),
        ("%n-%Y", [SW("1.")], [SW("2.")]),
        ("%n-qa", [CRITICAL], [CRITICAL, EW("-stable")]),
        ("%n-qa", [], [{"any": [EW("-stable"), EQ("latest")]}]),
        ("%n", [EQ("edge")], [{"any": [EW("-stable"), pattern("^v")]}]),
        ("%n" + "x" * 100, [SW("a" * 29)], [EW("x")]),
    ],
)
def test_tags_that_cannot_meet_the_next_rules_feed_nothing(template, rules, next_rules):
    assert not feeds(template, rules, next_rules)


@pytest.mark.parametrize(
    ("template", "rules", "next_rules"),
    [
        ("%n", [], []),
        ("%n", [EW("-stable")], [SW("1.")]),
        ("%n", [SW("1.")], [SW("1.2"), EW("-stable")]),
        ("%n-qa", [], [EW("-qa")]),
        ("%n-qa", [EQ("1.0")], [OO("1.0-qa", "1.1-qa")]),
        ("%n-qa", [EQ("1.0")], [pattern("qa$")]),
        ("%Y%m%d-%H%M%S", [], [C("-2")]),
        ("%Y%m%d-%H%M%S", [], [SW("2026")]),
        ("%Y%m%d-%H%M%S", [], [pattern("^v")]),
        ("v%Y", [], [SW("v2")]),
        ("%{digest}", [], [SW("beef")]),
        ("%n", [EW("-stable")], [CRITICAL]),
        ("%n", [{"any": [EW("-a"), EW("-b")]}], [EW("-b")]),
        ("%n", [EW("-a")], [{"any": [EW("-b"), CRITICAL]}]),
        ("%n", [SW("ab"), EW("bc")], [EQ("abc")]),
        ("%n" + "x" * 99, [SW("a" * 29)], [EW("x")]),
        ("%A", [], [EQ("Sunday")]),
        ("%Z", [], [EW("-03")]),
    ],
)
def test_tags_that_may_meet_the_next_rules_feed_it(template, rules, next_rules):
    assert feeds(template, rules, next_rules)


@pytest.mark.parametrize(
    ("template", "rules", "next_rules"),
    [
        ("%Y%m%d", [], [EW("-2")]),
        ("%Y%m%d", [], [EQ("20260101-2")]),
        ("stable", [], [EQ("stable-17")]),
        ("%n", [EQ("edge")], [EQ("edge-2")]),
        ("%n", [EW("-a")], [EW("-2")]),
        ("x" * 128, [], [EW("x-2")]),
    ],
)
def test_suffix_is_reckoned_with_where_the_policy_may_add_one(
    template, rules, next_rules
):
    assert feeds(template, rules, next_rules, suffixed=True)
    assert not feeds(template, rules, next_rules, suffixed=False)


def test_suffix_does_not_hide_that_the_ends_differ():
    assert not feeds("%Y%m%d-%H%M%S", [], [EW("stable")], suffixed=True)
    assert not feeds("v%n", [], [SW("1.")], suffixed=True)


CODES = ["%Y", "%y", "%m", "%d", "%w", "%j", "%W", "%H", "%I", "%M", "%S", "%f"]
CODES += ["%p", "%a", "%A", "%b", "%B", "%Z", "%{1}"]
CODES += ["%{digest}", "%{namespace}", "%{repository}"]
PARTS = st.one_of(
    st.just("%n"), st.sampled_from(CODES), st.sampled_from(["a", "1.", "x" * 110])
)
TEMPLATES = st.lists(PARTS, min_size=1, max_size=4).map("".join)
TAGS = st.text("a1-", max_size=4).map("a{}".format) | st.just("1.1.0")
CONTEXTS = st.builds(
    TemplateContext,
    tag=TAGS,
    now=st.floats(0, 4e9).map(partial(datetime.fromtimestamp, tz=UTC)),
    digest=st.just("sha256:" + "9a" * 32),
    namespace=st.sampled_from(["a", "a-1"]),
    repository=st.sampled_from(["1", "a/1"]),
    groups=st.sampled_from([("",), ("1a",), ("-A",)]),
)
ZONES = st.sampled_from(["UTC", "Asia/Kathmandu", "America/Sao_Paulo"])


def rules_met_by(tag: str) -> st.SearchStrategy[list[dict[str, object]]]:
    """Any rules on the tag that this tag meets."""
    places = st.integers(0, len(tag) - 1)
    others = st.lists(TAGS, max_size=2)
    pieces = st.tuples(places, places).map(lambda ends: tag[min(ends) : max(ends) + 1])
    rule = st.one_of(
        places.map(lambda end: SW(tag[: end + 1])),
        places.map(lambda start: EW(tag[start:])),
        pieces.map(C),
        others.map(lambda values: OO(*values, tag)),
        others.filter(lambda values: values and tag not in values).map(
            lambda values: NOO(*values)
        ),
        st.just(pattern(f"^{tag}$".replace(".", "[.]"))),
    )
    group = st.tuples(rule, TAGS.map(EW)).map(lambda rules: {"any": [*rules]})
    return st.lists(st.one_of(rule, group), max_size=3)


@given(TEMPLATES, CONTEXTS, ZONES, st.none() | st.integers(2, 200), st.data())
def test_whatever_can_happen_is_not_excluded(template, context, zone, suffix, data):
    try:
        made = TagTemplate.parse(template).render(context, zone)
    except InvalidTemplate:
        reject()
    made = made if suffix is None else with_suffix(made, suffix)
    rules = data.draw(rules_met_by(context.tag))
    next_rules = data.draw(rules_met_by(made))
    try:
        assert feeds(template, rules, next_rules, suffixed=suffix is not None)
    except InvalidRule:
        reject()
