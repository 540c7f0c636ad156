"""Which values make sense for a field and an operator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import re2

from promotions.rules.durations import parse_duration
from promotions.rules.errors import InvalidRule
from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.sizes import parse_size
from promotions.rules.tag_grammar import TAG_GRAMMAR, is_tag, may_occur_in_tag
from promotions.rules.text_operators import compile_pattern, quoted
from promotions.rules.times import parse_time
from promotions.rules.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    ValueCheck = Callable[[Operator, str], None]

_COUNT = re.compile(r"[0-9]{1,9}")


def check_value(field: Field, operator: Operator, value: str) -> None:
    """Raise `InvalidRule` for a value that no image can meet or no one can read."""
    if operator is Operator.MATCHES:
        _check_pattern(value)
    elif check := _CHECKS.get(field):
        check(operator, value)
    elif field.is_count:
        _check_count(operator, value)


def _check_tag(operator: Operator, value: str) -> None:
    if operator in {Operator.ENDS_WITH, Operator.CONTAINS}:
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


def _check_count(operator: Operator, value: str) -> None:
    if not _COUNT.fullmatch(value):
        raise InvalidRule(
            f"{quoted(value)} is no count of vulnerabilities; "
            "write a whole number from 0 to 999999999."
        )
    if operator is Operator.LESS_THAN and int(value) == 0:
        raise InvalidRule("No count is less than 0; write 0 with lte for none at all.")


def _check_size(operator: Operator, value: str) -> None:
    if parse_size(value) == 0 and operator is Operator.LESS_THAN:
        raise InvalidRule("No size is less than 0 bytes.")


def _check_duration(_operator: Operator, value: str) -> None:
    parse_duration(value)


def _check_age(operator: Operator, value: str) -> None:
    if not parse_duration(value) and operator is Operator.LESS_THAN:
        raise InvalidRule("No scan is younger than 0 seconds.")


def _check_time(_operator: Operator, value: str) -> None:
    parse_time(value)


def _check_version(_operator: Operator, value: str) -> None:
    parse_version(value)


def _check_boolean(_operator: Operator, value: str) -> None:
    if value not in {"true", "false"}:
        raise InvalidRule(f"{quoted(value)} is neither true nor false; write one.")


def _check_label(operator: Operator, value: str) -> None:
    whole = {Operator.EQUALS, Operator.ONE_OF, Operator.NOT_ONE_OF}
    if operator in whole and "=" not in value:
        raise InvalidRule(
            f"No label equals {quoted(value)}: write key=value, "
            'or use "sw" (starts with) and key=.'
        )


_CHECKS: Mapping[Field, ValueCheck] = {
    Field.TAG: _check_tag,
    Field.SEMVER: _check_version,
    Field.LABEL: _check_label,
    Field.SIZE: _check_size,
    Field.SBOM: _check_boolean,
    Field.SIGNATURE_PRESENT: _check_boolean,
    Field.SCAN_AGE: _check_age,
    Field.UPDATED_AT: _check_time,
    Field.UPDATED_AT_DURATION: _check_duration,
}
