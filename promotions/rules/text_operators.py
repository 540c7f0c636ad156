"""What the operators on text do, and how they are said in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import re2

from promotions.rules.operators import Operator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    TextTest = Callable[[str], bool]

PATTERN_MAX_MEMORY = 1 << 20
"""Bytes one compiled pattern may use; RE2 refuses larger programs."""

QUOTED_LENGTH = 128
LISTED_VALUES = 5


def compile_pattern(pattern: str) -> Any:
    """Compile an RE2 pattern; raises `re2.error` with RE2's reason."""
    options = re2.Options()
    options.max_mem = PATTERN_MAX_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def text_test(operator: Operator, values: tuple[str, ...]) -> TextTest:
    """Return the predicate of an operator; text is compared case-sensitively."""
    return _TESTS[operator](values)


def phrase(operator: Operator, values: Sequence[str], *, holds: bool = True) -> str:
    """Say what is (or, with `holds` false, is not) so: `ends with "-stable"`."""
    positive, negative = _PHRASES[operator]
    return f"{positive if holds else negative} {listed(values)}"


def quoted(text: str) -> str:
    """Quote text for a sentence: shortened, and with odd characters made visible."""
    shown = text if len(text) <= QUOTED_LENGTH else f"{text[:QUOTED_LENGTH]}…"
    printable = shown.encode("utf-8", "backslashreplace").decode()
    return f'"{printable}"' if printable.isprintable() else json.dumps(printable)


def plain(text: str) -> str:
    """Make text from outside fit into a sentence: shortened, and all of it visible."""
    shown = quoted(text)
    return shown[1:-1] if shown[1:-1] in {text, f"{text[:QUOTED_LENGTH]}…"} else shown


def joined(words: Sequence[str], *, separator: str = ", ") -> str:
    """List the first few words as they are and count the rest."""
    shown = separator.join(words[:LISTED_VALUES])
    rest = len(words) - LISTED_VALUES
    return f"{shown} and {rest} more" if rest > 0 else shown


def listed(values: Sequence[str]) -> str:
    """Quote the first few values and count the rest."""
    rest = [""] * (len(values) - LISTED_VALUES)
    return joined([*map(quoted, values[:LISTED_VALUES]), *rest])


def _starts_with(values: tuple[str, ...]) -> TextTest:
    return lambda text: text.startswith(values[0])


def _ends_with(values: tuple[str, ...]) -> TextTest:
    return lambda text: text.endswith(values[0])


def _contains(values: tuple[str, ...]) -> TextTest:
    return lambda text: values[0] in text


def _not_one_of(values: tuple[str, ...]) -> TextTest:
    excluded = frozenset(values)
    return lambda text: text not in excluded


def _matches(values: tuple[str, ...]) -> TextTest:
    search = compile_pattern(values[0]).search

    def test(text: str) -> bool:
        try:
            return search(text) is not None
        except UnicodeEncodeError:  # half a surrogate pair, which RE2 cannot read
            return search(text.encode("utf-8", "replace").decode()) is not None

    return test


_TESTS: Mapping[Operator, Callable[[tuple[str, ...]], TextTest]] = {
    Operator.EQUALS: lambda values: values[0].__eq__,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
    Operator.CONTAINS: _contains,
    Operator.ONE_OF: lambda values: frozenset(values).__contains__,
    Operator.NOT_ONE_OF: _not_one_of,
    Operator.MATCHES: _matches,
}

_PHRASES: Mapping[Operator, tuple[str, str]] = {
    Operator.EQUALS: ("equals", "does not equal"),
    Operator.STARTS_WITH: ("starts with", "does not start with"),
    Operator.ENDS_WITH: ("ends with", "does not end with"),
    Operator.CONTAINS: ("contains", "does not contain"),
    Operator.ONE_OF: ("is one of", "is not one of"),
    Operator.NOT_ONE_OF: ("is not one of", "is one of"),
    Operator.MATCHES: ("matches", "does not match"),
}
