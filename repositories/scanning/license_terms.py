"""Looking for a license by its SPDX id, also inside of expressions."""

from __future__ import annotations

import re

_TERM = re.compile(r"[a-z0-9.:+-]+")
_WORDS = frozenset({"and", "or", "with"})
# Ids that SPDX deprecated, of which the license list keeps two with a clear meaning.
_GNU = re.compile(r"(?P<name>a?gpl|lgpl|gfdl)-(?P<version>[0-9.]+)(?P<later>\+)?")


def plain(text: str) -> str:
    """Return a license in the form in which two are compared."""
    folded = " ".join(text.casefold().split())
    found = _GNU.fullmatch(folded)
    if found is None:
        return folded
    suffix = "or-later" if found["later"] else "only"
    return f"{found['name']}-{found['version']}-{suffix}"


def names(expression: str, term: str) -> bool:
    """Tell whether a stored license is the one looked for, or an expression with it.

    >>> names("MIT OR GPL-3.0-only", "gpl-3.0-only")
    True
    """
    wanted = plain(term)
    if plain(expression) == wanted:
        return True
    found = set(_TERM.findall(expression.casefold()))
    is_expression = not _WORDS.isdisjoint(found)
    return is_expression and wanted in map(plain, found - _WORDS)


def stem(term: str) -> str:
    """Return a part of the term that stands in every text which it `names`."""
    if found := _GNU.match(plain(term)):
        return f"{found['name']}-{found['version']}"
    return max(_TERM.findall(term.casefold()), key=len, default="")
