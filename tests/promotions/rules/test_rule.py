from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import Field, InvalidRule, Operator, Rule, parse_rules

LONGEST_TAG = "v" * 128


def triple(operator: str, *values: object) -> dict[str, object]:
    return {"field": "tag", "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("eq", ["latest"]),
        ("sw", ["v1."]),
        ("ew", ["-stable"]),
        ("c", [".rc-"]),
        ("oo", ["1.0", "1.1"]),
        ("noo", ["latest", "edge"]),
        ("matches", [r"^v(\d+)\.(\d+)$"]),
    ],
)
def test_msr_triple_is_read_and_written_unchanged(operator, values):
    written = triple(operator, *values)
    assert Rule.parse(written).to_json() == written


def test_parsed_rule_speaks_the_enums():
    rule = Rule.parse(triple("ew", "-stable"))
    assert rule == Rule(Field.TAG, Operator.ENDS_WITH, ("-stable",))


def test_tag_offers_exactly_the_seven_text_operators():
    assert list(Field.TAG.operators) == ["eq", "sw", "ew", "c", "oo", "noo", "matches"]


def test_operators_have_labels_for_people():
    assert Operator("sw").label == "starts with"
    assert Operator("noo").label == "not one of"
    assert Operator("gte").label == "greater than or equals"
    assert Field.TAG.label == "tag"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (None, "A rule is an object with field, operator and values."),
        ([], "A rule is an object with field, operator and values."),
        (triple("eq", "a") | {"value": "a"}, 'A rule has no "value";'),
        (triple("eq", "a") | {"field": "tags"}, 'There is no field "tags"'),
        (triple("eq", "a") | {"field": ["tag"]}, "The field of a rule is a string"),
        ({"operator": "eq", "values": ["a"]}, "The rule lacks its field"),
        (triple("is", "a"), 'There is no operator "is"'),
        (triple("lte", "3"), '"lte" (less than or equals) does not fit the field tag'),
        (triple("eq"), 'A rule with "eq" needs a value.'),
        (triple("sw", "a", "b"), '"sw" takes one value, not 2'),
        (triple("eq", ""), "A value of a rule is empty."),
        (triple("eq", 7), "The values of a rule are strings, numbers included."),
        (triple("eq", "a") | {"values": "a"}, "are a list of strings."),
        ({"field": "tag", "operator": "eq"}, "are a list of strings."),
        (triple("matches", "a" * 513), "at most 512 characters, not 513."),
        (triple("oo", *map(str, range(101))), "at most 100 values, not 101."),
        (triple("matches", "a\0"), "a character that cannot be stored."),
        (triple("matches", "\ud800"), "a character that cannot be stored."),
        (triple("matches", "v(1"), "RE2 accepts: missing )"),
        (triple("matches", "v1[z-a]"), "class range: z-a (at character 4)."),
        (triple("matches", "(?=v)"), "RE2 accepts: invalid perl operator: (?="),
        (triple("matches", r"(\pL{99}){9}"), "RE2 accepts: pattern too large"),
    ],
)
def test_refusal_says_what_is_wrong(mapping, said):
    with pytest.raises(InvalidRule) as refused:
        Rule.parse(mapping)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("operator", "value", "said"),
    [
        ("eq", "1.0 beta", 'No tag equals "1.0 beta":'),
        ("eq", "-1.0", 'No tag equals "-1.0":'),
        ("eq", LONGEST_TAG + "v", "No tag equals"),
        ("sw", ".hidden", 'No tag starts with ".hidden":'),
        ("ew", "é", 'No tag contains "é":'),
        ("c", "a/b", 'No tag contains "a/b":'),
        ("c", "-" + LONGEST_TAG[1:], "No tag contains"),
        ("oo", "a:b", 'No tag equals "a:b":'),
        ("noo", "latest\n", r'No tag equals "latest\n":'),
    ],
)
def test_value_no_tag_can_have_is_refused(operator, value, said):
    with pytest.raises(InvalidRule) as refused:
        Rule.parse(triple(operator, value))
    assert said in str(refused.value)


@pytest.mark.parametrize("operator", ["eq", "sw", "ew", "c"])
def test_value_as_long_as_a_tag_may_be_is_accepted(operator):
    assert Rule.parse(triple(operator, LONGEST_TAG)).values == (LONGEST_TAG,)


def test_rule_cannot_be_constructed_wrong():
    with pytest.raises(InvalidRule):
        Rule(Field.TAG, Operator.GREATER_THAN, ("1",))


def test_no_rules_are_allowed():
    assert parse_rules([]) == ()


def test_refusal_names_the_rule_by_number():
    with pytest.raises(InvalidRule, match=r"^Rule 2: There is no field"):
        parse_rules([triple("eq", "a"), triple("eq", "a") | {"field": "colour"}])


def test_rules_are_a_list_of_at_most_fifty():
    with pytest.raises(InvalidRule, match="a list"):
        parse_rules({"rules": []})
    with pytest.raises(InvalidRule, match="at most 50 rules, not 51"):
        parse_rules([triple("c", "a")] * 51)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            [triple("eq", "a"), triple("eq", "b")],
            'no tag equals "a" and equals "b".',
        ),
        (
            [triple("ew", "-rc"), triple("eq", "1.0")],
            'no tag ends with "-rc" and equals "1.0".',
        ),
        (
            [triple("sw", "v1"), triple("sw", "v2")],
            'no tag starts with "v1" and starts with "v2".',
        ),
        (
            [triple("ew", "-rc1"), triple("ew", "-rc2")],
            'no tag ends with "-rc1" and ends with "-rc2".',
        ),
        (
            [triple("oo", "a", "b"), triple("oo", "c")],
            'no tag is one of "a", "b" and is one of "c".',
        ),
        (
            [triple("noo", "a", "b"), triple("eq", "a")],
            'no tag is not one of "a", "b" and equals "a".',
        ),
        (
            [triple("oo", "a", "b"), triple("matches", "^[0-9]")],
            'no tag is one of "a", "b" and matches "^[0-9]".',
        ),
    ],
)
def test_two_rules_that_exclude_each_other_are_refused(rules, said):
    with pytest.raises(InvalidRule) as refused:
        parse_rules(rules)
    assert str(refused.value) == f"Rules 1 and 2 contradict each other: {said}"


def test_list_exhausted_by_several_rules_is_refused():
    with pytest.raises(InvalidRule, match='of "a1", "b1" none meets all'):
        parse_rules([triple("oo", "a1", "b1"), triple("sw", "a"), triple("noo", "a1")])


@pytest.mark.parametrize(
    "rules",
    [
        [triple("sw", "v1"), triple("sw", "v1.2")],
        [triple("ew", "stable"), triple("ew", "-stable")],
        [triple("eq", "a"), triple("eq", "a")],
        [triple("oo", "a", "b"), triple("noo", "a")],
        [triple("sw", "v"), triple("ew", "-rc"), triple("matches", "[0-9]")],
    ],
)
def test_rules_some_tag_meets_are_accepted(rules):
    assert [rule.to_json() for rule in parse_rules(rules)] == rules


def test_sentence_lists_only_the_first_of_many_values():
    many = [f"b{number}" for number in range(30)]
    with pytest.raises(InvalidRule) as refused:
        parse_rules([triple("eq", "a"), triple("oo", *many)])
    assert '"b4" and 25 more.' in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NEARLY_A_RULE = st.fixed_dictionaries(
    {
        "field": st.sampled_from(Field) | JSON,
        "operator": st.sampled_from(Operator) | JSON,
        "values": st.lists(st.text(), max_size=3) | JSON,
    }
)


RULES = st.builds(
    triple, st.sampled_from(Field.TAG.operators), st.from_regex(r"[a-c.-]{1,4}")
)


@given(JSON | NEARLY_A_RULE)
def test_whatever_is_no_rule_is_refused_with_a_sentence(mapping):
    try:
        Rule.parse(mapping)
    except InvalidRule as error:
        refusal = str(error)
    else:
        refusal = "Accepted."
    assert refusal.encode().endswith(b".")


@given(JSON | st.lists(NEARLY_A_RULE | RULES, max_size=4))
def test_whatever_are_rules_round_trip(rules):
    try:
        parsed = parse_rules(rules)
    except InvalidRule:
        parsed = ()
    assert parse_rules([rule.to_json() for rule in parsed]) == parsed
