"""Rules on versions that no version can meet together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.versions import Precedence, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from promotions.rules.rule import Rule

_LOWER = {
    Operator.EQUALS,
    Operator.GREATER_THAN,
    Operator.GREATER_THAN_OR_EQUALS,
}
_UPPER = {Operator.EQUALS, Operator.LESS_THAN, Operator.LESS_THAN_OR_EQUALS}
_WITHOUT = {Operator.NOT_EQUALS, Operator.GREATER_THAN, Operator.LESS_THAN}


def versions_clash(rules: Sequence[Rule]) -> bool:
    """Tell whether the bounds of the rules leave no version.

    Not every gap is found: between 1.0.0-a and 1.0.0-a.0 there is no version.
    """
    mine = [rule for rule in rules if rule.field is Field.SEMVER]
    lower, upper = _values(mine, _LOWER), _values(mine, _UPPER)
    if not lower or not upper:
        return False
    low, high = max(lower), min(upper)
    return low > high or (low == high and low in _values(mine, _WITHOUT))


def _values(rules: Iterable[Rule], operators: set[Operator]) -> list[Precedence]:
    found = (rule for rule in rules if rule.operator in operators)
    return [parse_version(rule.values[0]) for rule in found]
