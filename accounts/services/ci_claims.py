"""The claims that a CI trust names: what may be asked of them, and whether they hold.

A pattern is compared exactly, or is a glob over the whole value whose `*` crosses
neither `/` nor `:`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WILDCARD = "*"
MAX_CLAIMS = 20
MAX_LENGTH = 300  # characters of a pattern
NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
# What the portal itself looks at in every token.
OWN = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf"})
_SEPARATORS = re.compile("([/:])")


def check_patterns(patterns: Any, immutable: Iterable[str]) -> dict[str, str]:
    """Return the patterns by their claim; raises ValidationError, saying what to do.

    `immutable` are claims that have to be there, without a wildcard.
    """
    if not isinstance(patterns, dict) or not 0 < len(patterns) <= MAX_CLAIMS:
        message = f"Name 1 to {MAX_CLAIMS} claims with the value each must have."
        raise ValidationError({"claims": message})
    for name, pattern in patterns.items():
        if refusal := _refusal(name, pattern):
            raise ValidationError({"claims": refusal})
    if missing := missing_immutable(patterns, immutable):
        message = (
            f"Name {', '.join(missing)}, without “{WILDCARD}”: this issuer gives names"
            " to others later, and that alone stays."
        )
        raise ValidationError({"claims": message})
    return dict(patterns)


def missing_immutable(
    patterns: Mapping[str, str], immutable: Iterable[str]
) -> list[str]:
    """Return those of the immutable claims that are not named exactly."""
    return [name for name in immutable if WILDCARD in patterns.get(name, WILDCARD)]


def failing_claim(patterns: Mapping[str, str], claims: Mapping[str, Any]) -> str:
    """Return the name of a claim that is not as the trust wants it; "" if all are."""
    for name, pattern in patterns.items():
        if not matches(pattern, claims.get(name)):
            return name
    return ""


def matches(pattern: str, value: Any) -> bool:
    """Tell whether a claim's value is what the pattern says, to the letter's case.

    Numbers and booleans are compared as JSON writes them; lists and objects never fit.
    """
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return False
    if WILDCARD not in pattern:
        return pattern == value
    wanted, given = _SEPARATORS.split(pattern), _SEPARATORS.split(value)
    return len(wanted) == len(given) and all(map(_part_matches, wanted, given))


def _part_matches(pattern: str, value: str) -> bool:
    """Compare what stands between two separators, in time that grows with its length.

    What stands between two wildcards is looked for from the left, once.
    """
    if WILDCARD not in pattern:
        return pattern == value
    first, *middle, last = pattern.split(WILDCARD)
    if len(value) < len(first) + len(last):
        return False
    if not (value.startswith(first) and value.endswith(last)):
        return False
    rest = value[len(first) : len(value) - len(last)]
    for part in middle:
        _, found, rest = rest.partition(part) if part else ("", WILDCARD, rest)
        if not found:
            return False
    return True


def _refusal(name: Any, pattern: Any) -> str:
    """Say why a claim cannot be named so; "" when it can."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"“{str(name)[:100]}” is no name of a claim."
    if name in OWN:
        return f"“{name}” is checked in every token already; leave it out."
    if not isinstance(pattern, str) or not pattern.isprintable():
        return f"The value of “{name}” must be a text."
    return _refusal_of_pattern(name, pattern)


def _refusal_of_pattern(name: str, pattern: str) -> str:
    if not 0 < len(pattern) <= MAX_LENGTH:
        return f"The value of “{name}” has 1 to {MAX_LENGTH} characters."
    if not re.search(r"\w", pattern):
        return f"“{name}” would fit anything: write what it begins with, or leave it."
    if WILDCARD * 2 in pattern:
        return f"“{name}” has two “{WILDCARD}” in a row; one does the same."
    return ""
