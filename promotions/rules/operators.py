"""The vocabulary of rules: fields, operators, and which fits which."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Field(StrEnum):
    """What a rule looks at; the values are the names of MSR's API."""

    TAG = "tag"

    @property
    def label(self) -> str:
        """The field in words, as a sentence about an image begins."""
        return _LABELS[self]

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators that fit this field, in the order a form offers them."""
        return FIELD_OPERATORS[self]


TEXT_OPERATORS = (
    Operator.EQUALS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.CONTAINS,
    Operator.ONE_OF,
    Operator.NOT_ONE_OF,
    Operator.MATCHES,
)

FIELD_OPERATORS: Mapping[Field, tuple[Operator, ...]] = {Field.TAG: TEXT_OPERATORS}

_LABELS: Mapping[Field, str] = {Field.TAG: "tag"}
