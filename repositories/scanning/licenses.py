"""What packages call their licenses, brought to SPDX expressions.

The names of Debian (copyright format 1.0), Fedora (before it wrote SPDX), Alpine, npm
and PyPI; what none of them names stays as it was found.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from boolean.boolean import ParseError
from license_expression import ExpressionError, Licensing, get_spdx_licensing

from repositories.scanning.license_names import CLASSIFIERS, EXCEPTIONS, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH = 500
MAX_DEPTH = 10  # parentheses in one another
MAX_WORDS = 5  # of a name that no list knows, within an expression
TEXTS_KEPT = 10_000

_CLASSIFIER = "License :: "
_OPERATOR = re.compile(
    r"\s*(\(|\)|(?<=[\s()])(?:and|or|with)(?=[\s()]))\s*", re.IGNORECASE
)
_OVERRIDING = re.compile(r",\s*(and|or)\s", re.IGNORECASE)
_GNU = re.compile(
    r"(?:gnu[ -])?(a?gpl|lgpl|gfdl)(?P<invariant>-niv)?[ -]?"
    r"(?:v|version )?(?P<major>[1-3])(?P<minor>\.[0-9])?(?:\.0)?"
    r"(?P<later>\+|,?[ -]or[ -](?:any )?(?:later|newer)(?: version)?)?(?:-only| only)?"
)
_WORDS = (
    (r"[ ,]+(?:or|and) (?:any )?(?:later|newer)(?: versions?)?", "+"),
    (r"_(or|and)_", r" \1 "),
    (r" and/or ", " or "),
    (r"bsd with advertising", "BSD-4-Clause"),
)
_GNU_NAMES = (
    ("affero general public license", "agpl"),
    ("lesser general public license", "lgpl"),
    ("library general public license", "lgpl"),
    ("general public license", "gpl"),
    ("free documentation license", "gfdl"),
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:+-]*")
_SIGNS = {"(": "(", ")": ")", "and": "o", "or": "o", "with": "w"}
_BESIDE = {"((", "(t", "t)", "))", "to", ")o", "o(", "ot", "tw", "wt"}
_UNFIT = re.compile(r"[^A-Za-z0-9.:+-]+")
_FAMILIES = {"GPL", "LGPL", "AGPL", "BSD", "GFDL", "custom"}  # say no version


class _NoExpression(ValueError):
    """The text cannot be read as an expression."""


@lru_cache(maxsize=TEXTS_KEPT)
def spdx(text: str) -> str:
    """Return the SPDX expression that the text means, else the text as it is.

    White space is folded and the result cut at MAX_LENGTH. A license that has no
    identifier keeps its name, also as a part of an expression; "" is no license.
    """
    folded = " ".join(text[: 4 * MAX_LENGTH].replace("\0", " ").split())
    if len(folded) > MAX_LENGTH:
        return folded[:MAX_LENGTH]
    if known := _known(folded):
        return known
    try:
        return _rendered(_expression(_plain(folded)))
    except _NoExpression:
        return _last_name(folded)


def is_spdx(expression: str) -> bool:
    """Tell whether all that an answer of `spdx` names are identifiers of SPDX."""
    try:
        return bool(expression) and not _licensing().unknown_license_keys(expression)
    except (ExpressionError, ParseError):
        return False


def is_known(text: str) -> bool:
    """Tell whether the text is wholly a license that SPDX knows."""
    return is_spdx(spdx(text))


def _plain(text: str) -> str:
    """Return the text with what would be taken for `or` and `with` put otherwise."""
    for pattern, plain in _WORDS:
        text = re.sub(pattern, plain, text, flags=re.IGNORECASE)
    return text


def _last_name(text: str) -> str:
    return text.rpartition(" :: ")[2] if text.startswith(_CLASSIFIER) else text


def _known(text: str) -> str:
    """Return the identifier of one license, "" for what is none."""
    if text.startswith(_CLASSIFIER):
        return CLASSIFIERS.get(text.rpartition(" :: ")[2], "")
    lower = text.lower().removeprefix("the ").strip(" .")
    for name in (lower, lower.removesuffix(" license"), lower.removesuffix("-license")):
        found = NAMES.get(name) or _gnu(name) or _identifiers().get(name)
        if found:
            return found
    return ""


def _gnu(name: str) -> str:
    name = re.sub(r" \(a?l?gpl.*\)$", "", name)  # "… v2 or later (GPLv2+)"
    for long, short in _GNU_NAMES:
        name = name.replace(long, short)
    found = _GNU.fullmatch(name)
    if found is None:
        return ""
    version = f"{found['major']}{found['minor'] or '.0'}"
    invariants = "-no-invariants" if found["invariant"] else ""
    suffix = "or-later" if found["later"] else "only"
    return f"{found[1].upper()}-{version}{invariants}-{suffix}"


def _expression(text: str) -> str:
    """Return the text with every name in it replaced; raises _NoExpression."""
    overriding = _OVERRIDING.split(text)
    if len(overriding) > 1:  # in Debian's files the comma binds less than the words
        return _joined(overriding)
    tokens = [token for token in _OPERATOR.split(text) if token]
    if len(tokens) > 1:
        _check(tokens)
        return " ".join(_replaced(tokens))
    return _single(text)


def _joined(parts: list[str]) -> str:
    """Join what stood between the commas; every second part is `and` or `or`."""
    operands = [f"({_known(part) or _expression(part)})" for part in parts[::2]]
    words = [word.upper() for word in parts[1::2]]
    if len(set(words)) > 1:
        raise _NoExpression
    return f" {words[0]} ".join(operands)


def _single(text: str) -> str:
    """Read what has no operator: a list of words as Alpine wrote it, or with slashes.

    A slash means a choice; it is taken for one only between licenses that are known.
    """
    for separators, operator in (("[/|]", " OR "), ("[ ,;]+", " AND ")):
        parts = [part for part in re.split(separators, text) if part]
        found = [_known(part) or _family(part) for part in parts]
        if len(parts) > 1 and all(found):
            return operator.join(found)
    if not _ID.fullmatch(text):
        raise _NoExpression
    return text


def _family(word: str) -> str:
    return word if word in _FAMILIES else ""


def _check(tokens: list[str]) -> None:
    """Raise _NoExpression unless the words stand as they may, one beside the other."""
    signs = "".join(_SIGNS.get(token.lower(), "t") for token in tokens)
    pairs = {signs[at : at + 2] for at in range(len(signs) - 1)}
    depths = list(accumulate({"(": 1, ")": -1}.get(sign, 0) for sign in signs))
    if not pairs <= _BESIDE or signs[0] not in "t(" or signs[-1] not in "t)":
        raise _NoExpression
    if min(depths) < 0 or depths[-1] or max(depths) > MAX_DEPTH or "wtw" in signs:
        raise _NoExpression


def _replaced(tokens: list[str]) -> Iterator[str]:
    before = ""
    for part in tokens:
        if part.lower() in _SIGNS:
            yield part.upper()
        else:
            yield _exception(part) if before == "with" else _operand(part)
        before = part.lower()


def _exception(text: str) -> str:
    """Return the identifier of what stands behind `with`."""
    short = re.sub(r"(?:^|[ -])exceptions?$", "", text, flags=re.IGNORECASE)
    known = EXCEPTIONS.get(short.lower())
    known = known or _identifiers(exceptions=True).get(text.lower())
    return known or f"{_made_id(short)}-exception"


def _operand(text: str) -> str:
    """Return the identifier of a license in an expression, or its name as one."""
    text = text.strip()
    known = _known(text)
    if known:
        return f"({known})" if " " in known else known
    if "/" in text or "," in text:
        return f"({_single(text)})"
    return _made_id(text)


def _made_id(text: str) -> str:
    """Return a name that an expression may hold; `or` reads it as one license."""
    if not text or len(text.split()) > MAX_WORDS:
        raise _NoExpression
    made = _UNFIT.sub("-", text).strip("-")
    if not made:
        raise _NoExpression
    return _known(made) or made


def _rendered(expression: str) -> str:
    """Return an expression as the library writes it."""
    try:
        parsed = _licensing().parse(expression)
    except (ExpressionError, ParseError):
        raise _NoExpression from None
    if parsed is None or len(found := str(parsed.render())) > MAX_LENGTH:
        raise _NoExpression
    unknown = _licensing().unknown_license_keys(parsed)
    if len(unknown) == len(_licensing().license_keys(parsed)) > 1:
        raise _NoExpression  # more likely prose
    return found


@cache
def _licensing() -> Licensing:
    """Return the library's reader of what SPDX has identifiers for."""
    symbols = get_spdx_licensing().known_symbols.values()
    return Licensing(
        symbol for symbol in symbols if not symbol.key.startswith("LicenseRef-")
    )


@cache
def _identifiers(*, exceptions: bool = False) -> dict[str, str]:
    """Return what SPDX calls each license, by all its names in lower case."""
    return {
        name.lower(): symbol.key
        for symbol in _licensing().known_symbols.values()
        if bool(symbol.is_exception) == exceptions
        for name in (symbol.key, *symbol.aliases)
    }
