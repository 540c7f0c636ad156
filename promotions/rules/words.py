"""Rules said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules.operators import Operator
from promotions.rules.text_operators import phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promotions.rules.fields import Field

SIGNS: Mapping[Operator, str] = {
    Operator.GREATER_THAN_OR_EQUALS: "≥",
    Operator.GREATER_THAN: ">",
    Operator.EQUALS: "=",
    Operator.NOT_EQUALS: "≠",
    Operator.LESS_THAN_OR_EQUALS: "≤",
    Operator.LESS_THAN: "<",
    Operator.BEFORE: "before",
    Operator.AFTER: "after",
}


def criterion(field: Field, operator: Operator, values: Sequence[str]) -> str:
    """Say what a rule asks for: `critical vulnerabilities ≤ 0`."""
    return f"{field.label} {comparison(field, operator, values)}"


def comparison(field: Field, operator: Operator, values: Sequence[str]) -> str:
    """Say what is compared with: `≤ 0`, `ends with "-stable"`."""
    by_sign = operator in SIGNS and (
        field.is_ordered or operator is not Operator.EQUALS
    )
    return f"{SIGNS[operator]} {values[0]}" if by_sign else phrase(operator, values)
