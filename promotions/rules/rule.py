"""One criterion of a policy, in MSR's form of field, operator and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypedDict, TypeVar

from promotions.rules.contradictions import find_contradiction
from promotions.rules.errors import InvalidRule
from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.text_operators import quoted
from promotions.rules.value_checks import check_value
from promotions.rules.words import criterion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_RULES = 50
MIN_ALTERNATIVES = 2
MAX_ALTERNATIVES = 20
MAX_VALUES = 100
MAX_VALUE_LENGTH = 512

T = TypeVar("T")

_KEYS = ("field", "operator", "values")


class RuleJSON(TypedDict):
    """MSR's triple; values are strings, numbers included."""

    field: str
    operator: str
    values: list[str]


class AnyOfJSON(TypedDict):
    """A group of triples, beyond MSR's form."""

    any: list[RuleJSON]


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
            check_value(self.field, self.operator, value)

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

    @property
    def words(self) -> str:
        """The rule in words: `tag ends with "-stable"`."""
        return criterion(self.field, self.operator, self.values)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Rules of which one must hold; raises `InvalidRule` for fewer than two."""

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if not MIN_ALTERNATIVES <= len(self.rules) <= MAX_ALTERNATIVES:
            raise InvalidRule(
                f"A group of alternatives has {MIN_ALTERNATIVES} to "
                f"{MAX_ALTERNATIVES} rules, not {len(self.rules)}."
            )

    @classmethod
    def parse(cls, mapping: Mapping[str, object]) -> AnyOf:
        """Read `{"any": [triple, …]}`; raises `InvalidRule` for anything else."""
        rules = mapping.get("any")
        if len(mapping) != 1 or not isinstance(rules, list | tuple):
            raise InvalidRule('A group of alternatives is {"any": [rule, …]}.')
        if len(rules) > MAX_ALTERNATIVES:
            raise InvalidRule(
                f"A group has at most {MAX_ALTERNATIVES} rules, not {len(rules)}."
            )
        return cls(
            tuple(
                _numbered(f"alternative {number}", Rule.parse, rule)
                for number, rule in enumerate(rules, start=1)
            )
        )

    def to_json(self) -> AnyOfJSON:
        """Return the form that `parse` reads back."""
        return {"any": [rule.to_json() for rule in self.rules]}

    @property
    def words(self) -> str:
        """The group in words."""
        return " or ".join(rule.words for rule in self.rules)


Criterion: TypeAlias = Rule | AnyOf


def parse_rules(rules: object) -> tuple[Criterion, ...]:
    """Read the rules of a policy; an empty list is met by every image.

    Raises `InvalidRule`, whose message names the rule by its number from 1.
    """
    if not isinstance(rules, list | tuple):
        raise InvalidRule("Rules are a list of objects.")
    if len(rules) > MAX_RULES:
        raise InvalidRule(f"A policy has at most {MAX_RULES} rules, not {len(rules)}.")
    parsed = tuple(
        _numbered(f"Rule {number}", _parse_criterion, rule, number)
        for number, rule in enumerate(rules, start=1)
    )
    count = sum(1 for _ in single_rules(parsed))
    if count > MAX_RULES:
        raise InvalidRule(f"A policy has at most {MAX_RULES} rules, not {count}.")
    if found := find_contradiction([_alternatives(one) for one in parsed]):
        raise InvalidRule(found.sentence, numbers=found.numbers, reason=found.reason)
    return parsed


def single_rules(criteria: Iterable[Criterion]) -> Iterator[Rule]:
    """Yield every rule, those inside groups included, in their order."""
    for one in criteria:
        yield from _alternatives(one)


def _alternatives(one: Criterion) -> tuple[Rule, ...]:
    return one.rules if isinstance(one, AnyOf) else (one,)


def _parse_criterion(written: object) -> Criterion:
    if isinstance(written, Mapping) and "any" in written:
        return AnyOf.parse(written)
    return Rule.parse(written)


def _numbered(
    name: str, parse: Callable[[object], T], written: object, *numbers: int
) -> T:
    """Parse a part; a refusal begins with the part's name."""
    try:
        return parse(written)
    except InvalidRule as error:
        message = f"{name}: {error}"
        raise InvalidRule(message, numbers=numbers, reason=str(error)) from error


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
