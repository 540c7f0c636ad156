"""One criterion of a policy, in MSR's form of field, operator and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import re2

from promotions.rules.contradictions import find_contradiction
from promotions.rules.operators import Field, Operator
from promotions.rules.tag_grammar import TAG_GRAMMAR, is_tag, may_occur_in_tag
from promotions.rules.text_operators import compile_pattern, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RULES = 50
MAX_VALUES = 100
MAX_VALUE_LENGTH = 512

_KEYS = ("field", "operator", "values")


class InvalidRule(ValueError):
    """A rule that cannot be saved; the message is one sentence for people."""


class RuleJSON(TypedDict):
    """MSR's triple; values are strings, numbers included."""

    field: str
    operator: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A comparison an image must satisfy; raises `InvalidRule` when it makes no sense.

    Several values are alternatives, and only the list operators take them.
    """

    field: Field
    operator: Operator
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_fit(self)
        _check_count(self)
        for value in self.values:
            _check_storable(value)
            _VALUE_CHECKS[self.field](self.operator, value)

    @classmethod
    def parse(cls, mapping: object) -> Rule:
        """Read MSR's triple; raises `InvalidRule` for anything else."""
        if not isinstance(mapping, Mapping):
            raise InvalidRule("A rule is an object with field, operator and values.")
        for key in mapping:
            if key not in _KEYS:
                raise InvalidRule(
                    f"A rule has no {quoted(str(key))}; "
                    "its keys are field, operator and values."
                )
        return cls(
            _parse_field(mapping.get("field")),
            _parse_operator(mapping.get("operator")),
            _parse_values(mapping.get("values")),
        )

    @property
    def on_tag(self) -> bool:
        """Whether the tag alone decides the rule."""
        return self.field is Field.TAG

    def to_json(self) -> RuleJSON:
        """Return MSR's triple, which `parse` reads back."""
        return {
            "field": self.field.value,
            "operator": self.operator.value,
            "values": list(self.values),
        }


def parse_rules(rules: object) -> tuple[Rule, ...]:
    """Read the rules of a policy; an empty list is met by every image.

    Raises `InvalidRule`, whose message names the rule by its number from 1.
    """
    if not isinstance(rules, list | tuple):
        raise InvalidRule("Rules are a list of objects.")
    if len(rules) > MAX_RULES:
        raise InvalidRule(f"A policy has at most {MAX_RULES} rules, not {len(rules)}.")
    parsed = tuple(_parse_numbered(n, rule) for n, rule in enumerate(rules, start=1))
    if contradiction := find_contradiction(parsed):
        raise InvalidRule(contradiction)
    return parsed


def _parse_numbered(number: int, rule: object) -> Rule:
    try:
        return Rule.parse(rule)
    except InvalidRule as error:
        raise InvalidRule(f"Rule {number}: {error}") from error


def _parse_field(name: object) -> Field:
    for field in Field:
        if field == name:
            return field
    known = ", ".join(Field)
    raise InvalidRule(f"{_unknown('field', name)}; the fields are: {known}.")


def _parse_operator(code: object) -> Operator:
    for operator in Operator:
        if operator == code:
            return operator
    known = ", ".join(Operator)
    raise InvalidRule(f"{_unknown('operator', code)}; the operators are: {known}.")


def _unknown(key: str, value: object) -> str:
    if value is None:
        return f"The rule lacks its {key}"
    if isinstance(value, str):
        return f"There is no {key} {quoted(value)}"
    return f"The {key} of a rule is a string"


def _parse_values(values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        raise InvalidRule("The values of a rule are a list of strings.")
    if not all(isinstance(value, str) for value in values):
        raise InvalidRule("The values of a rule are strings, numbers included.")
    return tuple(values)


def _check_fit(rule: Rule) -> None:
    fitting = rule.field.operators
    if rule.operator not in fitting:
        offered = ", ".join(fitting)
        raise InvalidRule(
            f'"{rule.operator}" ({rule.operator.label}) does not fit the field '
            f"{rule.field}; its operators are: {offered}."
        )


def _check_count(rule: Rule) -> None:
    count = len(rule.values)
    if count == 0:
        raise InvalidRule(f'A rule with "{rule.operator}" needs a value.')
    if count > 1 and not rule.operator.takes_many:
        raise InvalidRule(
            f'"{rule.operator}" takes one value, not {count}; '
            'for alternatives use "oo" (one of).'
        )
    if count > MAX_VALUES:
        raise InvalidRule(f"A rule has at most {MAX_VALUES} values, not {count}.")


def _check_storable(value: str) -> None:
    if not value:
        raise InvalidRule("A value of a rule is empty.")
    if len(value) > MAX_VALUE_LENGTH:
        raise InvalidRule(
            f"A value has at most {MAX_VALUE_LENGTH} characters, not {len(value)}."
        )
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        raise InvalidRule(
            f"The value {quoted(value)} contains a character that cannot be stored."
        )


def _check_tag_value(operator: Operator, value: str) -> None:
    if operator is Operator.MATCHES:
        _check_pattern(value)
    elif operator in {Operator.ENDS_WITH, Operator.CONTAINS}:
        if not may_occur_in_tag(value):
            raise InvalidRule(f"No tag contains {quoted(value)}: {TAG_GRAMMAR}.")
    elif not is_tag(value):
        verb = "starts with" if operator is Operator.STARTS_WITH else "equals"
        raise InvalidRule(f"No tag {verb} {quoted(value)}: {TAG_GRAMMAR}.")


def _check_pattern(pattern: str) -> None:
    try:
        compile_pattern(pattern)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        raise InvalidRule(
            f"{quoted(pattern)} is not a regular expression that RE2 accepts: "
            f"{reason}{_position(pattern, reason)}."
        ) from error


def _position(pattern: str, reason: str) -> str:
    """RE2 names the offending part, not its place: say it where only one fits."""
    part = reason.partition(": ")[2]
    if not part or part == pattern or pattern.count(part) != 1:
        return ""
    return f" (at character {pattern.index(part) + 1})"


_VALUE_CHECKS: Mapping[Field, Callable[[Operator, str], None]] = {
    Field.TAG: _check_tag_value
}
