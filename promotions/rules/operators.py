"""How a rule compares: the operators, and those that fit a kind of value."""

from __future__ import annotations

from enum import StrEnum


class Operator(StrEnum):
    """How a field is compared; the values are the codes of MSR's API."""

    EQUALS = "eq"
    STARTS_WITH = "sw"
    ENDS_WITH = "ew"
    CONTAINS = "c"
    ONE_OF = "oo"
    NOT_ONE_OF = "noo"
    MATCHES = "matches"
    GREATER_THAN_OR_EQUALS = "gte"
    GREATER_THAN = "gt"
    NOT_EQUALS = "neq"
    LESS_THAN_OR_EQUALS = "lte"
    LESS_THAN = "lt"
    BEFORE = "bf"
    AFTER = "af"

    @property
    def label(self) -> str:
        """The operator in words, such as "starts with"."""
        return self.name.lower().replace("_", " ")

    @property
    def takes_many(self) -> bool:
        """Whether a rule may list several values."""
        return self in {Operator.ONE_OF, Operator.NOT_ONE_OF}


TEXT_OPERATORS = (
    Operator.EQUALS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.CONTAINS,
    Operator.ONE_OF,
    Operator.NOT_ONE_OF,
    Operator.MATCHES,
)

NUMERIC_OPERATORS = (
    Operator.GREATER_THAN_OR_EQUALS,
    Operator.GREATER_THAN,
    Operator.EQUALS,
    Operator.NOT_EQUALS,
    Operator.LESS_THAN_OR_EQUALS,
    Operator.LESS_THAN,
)

ORDER_OPERATORS = (
    Operator.GREATER_THAN_OR_EQUALS,
    Operator.GREATER_THAN,
    Operator.LESS_THAN_OR_EQUALS,
    Operator.LESS_THAN,
)

TIME_OPERATORS = (Operator.BEFORE, Operator.AFTER)
