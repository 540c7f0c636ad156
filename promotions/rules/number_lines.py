"""What rules leave of the numbers, times and durations that an image can have.

All are counted in whole steps: vulnerabilities, bytes, or microseconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from promotions.rules.durations import parse_duration
from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.sizes import parse_size
from promotions.rules.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from promotions.rules.rule import Rule

Bound: TypeAlias = int | float
"""A whole number, or infinity."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PARTS_OF_ALL = (
    (
        Field.VULNERABILITY_CRITICAL,
        Field.VULNERABILITY_MAJOR,
        Field.VULNERABILITY_MINOR,
    ),
    (
        Field.VULNERABILITY_CVSS3_CRITICAL,
        Field.VULNERABILITY_CVSS3_HIGH,
        Field.VULNERABILITY_CVSS3_MEDIUM,
        Field.VULNERABILITY_CVSS3_LOW,
    ),
    (Field.VULNERABILITY_FIXABLE,),
    (Field.VULNERABILITY_ID,),
)
"""Counts of different vulnerabilities, whose sum is no more than all of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """The whole numbers from `low` to `high`, both included, without the holes."""

    low: Bound = -inf
    high: Bound = inf
    holes: frozenset[int] = frozenset()

    def __and__(self, other: Span) -> Span:
        return Span(
            max(self.low, other.low),
            min(self.high, other.high),
            self.holes | other.holes,
        )

    @property
    def smallest(self) -> Bound | None:
        """The first number left; None when none is."""
        number = self.low
        while number in self.holes:
            number += 1
        return number if number <= self.high else None

    @property
    def largest(self) -> Bound | None:
        """The last number left; None when none is."""
        number = self.high
        while number in self.holes:
            number -= 1
        return number if number >= self.low else None


def numbers_clash(rules: Sequence[Rule]) -> bool:
    """Tell whether no number meets the rules, or more are wanted than are allowed."""
    spans: dict[Field, Span] = defaultdict(Span)
    for rule in rules:
        if (span := _span(rule)) is not None:
            spans[rule.field] &= span
    if any(span.smallest is None for span in spans.values()):
        return True
    most = spans[Field.VULNERABILITY_ALL].largest
    wanted = max(_wanted(spans, family) for family in _PARTS_OF_ALL)
    return most is not None and wanted > most


def _wanted(spans: Mapping[Field, Span], family: Iterable[Field]) -> Bound:
    found = (spans[field].smallest for field in family if field in spans)
    return sum(number for number in found if number is not None)


def _span(rule: Rule) -> Span | None:
    if rule.field is Field.VULNERABILITY_ID:
        excludes = rule.operator is Operator.NOT_ONE_OF
        return Span(low=0 if excludes else 1)
    if rule.field.is_count:
        return _compared(rule.operator, int(rule.values[0]))
    if read := _READ.get(rule.field):
        return read(rule)
    return None


def _compared(operator: Operator, number: int) -> Span:
    """Return what a comparison leaves of the numbers from 0."""
    match operator:
        case Operator.GREATER_THAN_OR_EQUALS:
            return Span(number)
        case Operator.GREATER_THAN:
            return Span(number + 1)
        case Operator.NOT_EQUALS:
            return Span(0, holes=frozenset({number}))
    low = number if operator is Operator.EQUALS else 0
    return Span(low, number - 1 if operator is Operator.LESS_THAN else number)


def _size(rule: Rule) -> Span:
    return _compared(rule.operator, parse_size(rule.values[0]))


def _scan_age(rule: Rule) -> Span:
    return _compared(rule.operator, parse_duration(rule.values[0]) // _MICROSECOND)


def _pushed_at(rule: Rule) -> Span:
    time = (parse_time(rule.values[0]) - _EPOCH) // _MICROSECOND
    is_before = rule.operator is Operator.BEFORE
    return Span(high=time - 1) if is_before else Span(time + 1)


def _push_age(rule: Rule) -> Span:
    age = parse_duration(rule.values[0]) // _MICROSECOND
    return Span(age) if rule.operator is Operator.BEFORE else Span(high=age - 1)


_READ: Mapping[Field, Callable[[Rule], Span]] = {
    Field.SIZE: _size,
    Field.SCAN_AGE: _scan_age,
    Field.UPDATED_AT: _pushed_at,
    Field.UPDATED_AT_DURATION: _push_age,
}
