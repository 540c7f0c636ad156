"""Semantic versions and their order (semver.org)."""

from __future__ import annotations

import operator as python
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from promotions.rules.errors import InvalidRule
from promotions.rules.operators import Operator
from promotions.rules.text_operators import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Precedence: TypeAlias = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]
"""Compares as semver.org orders versions; what follows "+" takes no part."""

_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER_THAN_OR_EQUALS: python.ge,
    Operator.GREATER_THAN: python.gt,
    Operator.EQUALS: python.eq,
    Operator.NOT_EQUALS: python.ne,
    Operator.LESS_THAN_OR_EQUALS: python.le,
    Operator.LESS_THAN: python.lt,
}
_NUMBER = r"(0|[1-9][0-9]{0,127})"
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_REST = rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z.-]+)?"
_WHOLE = re.compile(rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}{_REST}", re.ASCII)
_SHORT = re.compile(rf"v?{_NUMBER}(?:\.{_NUMBER})?", re.ASCII)
_LONGEST = 128


def precedence(text: str) -> Precedence | None:
    """Return what orders the version; None: it is none. A leading v is allowed."""
    written = _WHOLE.fullmatch(text) if len(text) <= _LONGEST else None
    if written is None:
        return None
    major, minor, patch, pre = written.groups()
    return (
        int(major),
        int(minor),
        int(patch),
        0 if pre else 1,
        tuple(map(_identifier, pre.split("."))) if pre else (),
    )


def parse_version(text: str) -> Precedence:
    """Read the version of a rule, where 1 and 1.4 stand for 1.0.0 and 1.4.0.

    Raises `InvalidRule` for anything else.
    """
    if len(text) <= _LONGEST and (short := _SHORT.fullmatch(text)):
        return int(short[1]), int(short[2] or 0), 0, 1, ()
    found = precedence(text)
    if found is None:
        raise InvalidRule(
            f"{quoted(text)} is no semantic version; write one such as 1.4.0."
        )
    return found


def version_test(operator: Operator, value: str) -> Callable[[str], bool]:
    """Return what tells whether a text is a version that compares so."""
    wanted, compare = parse_version(value), _COMPARE[operator]

    def test(text: str) -> bool:
        found = precedence(text)
        return found is not None and compare(found, wanted)

    return test


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers come before words, and are compared as numbers."""
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
