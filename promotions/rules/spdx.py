"""License expressions as SPDX writes them, brought to one form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Alternative: TypeAlias = frozenset[str]
"""Licenses that all apply at once, as `normalised` writes them."""

MAX_LENGTH = 4_096
MAX_DEPTH = 20
MAX_ALTERNATIVES = 64
LICENSES_KEPT = 10_000

_WITH = " with "
_TOKEN = re.compile(r"[()]|[^\s()]+")
_ID = re.compile(r"[A-Za-z0-9.:+-]+")
_WORDS = {"OR", "or", "AND", "and", "WITH", "with"}
_GNU = re.compile(
    r"(?:gnu[ -])?(a?gpl|lgpl|gfdl)[ -]?v?([0-9])(\.[0-9])?"
    r"(?P<later>\+|-or-later)?(?:-only)?"
)
_NOTHING = {"", "none", "noassertion", "unknown"}

_NAMES: Mapping[str, str] = {
    "apache 2.0": "apache-2.0",
    "apache license 2.0": "apache-2.0",
    "apache license, version 2.0": "apache-2.0",
    "apache license version 2.0": "apache-2.0",
    "apache-2": "apache-2.0",
    "asl 2.0": "apache-2.0",
    "bsd-2": "bsd-2-clause",
    "bsd-3": "bsd-3-clause",
    "bsd-2-clause-freebsd": "bsd-2-clause-views",
    "bsd-2-clause-netbsd": "bsd-2-clause",
    "bsd-3-clause license": "bsd-3-clause",
    "bzip2-1.0.5": "bzip2-1.0.6",
    "ecos-2.0": "gpl-2.0-or-later with ecos-exception-2.0",
    "expat": "mit",
    "gpl": "gpl-1.0-or-later",
    "gpl-2.0-with-autoconf-exception": "gpl-2.0-only with autoconf-exception-2.0",
    "gpl-2.0-with-bison-exception": "gpl-2.0-or-later with bison-exception-2.2",
    "gpl-2.0-with-classpath-exception": "gpl-2.0-only with classpath-exception-2.0",
    "gpl-2.0-with-font-exception": "gpl-2.0-only with font-exception-2.0",
    "gpl-2.0-with-gcc-exception": "gpl-2.0-only with gcc-exception-2.0",
    "gpl-3.0-with-autoconf-exception": "gpl-3.0-only with autoconf-exception-3.0",
    "gpl-3.0-with-gcc-exception": "gpl-3.0-only with gcc-exception-3.1",
    "mit license": "mit",
    "mpl 2.0": "mpl-2.0",
    "nunit": "zlib-acknowledgement",
    "psf": "psf-2.0",
    "standardml-nj": "smlnj",
    "the mit license": "mit",
    "wxwindows": "lgpl-2.0-or-later with wxwindows-exception-3.1",
}
"""Deprecated SPDX identifiers, and names that packages commonly write."""


@dataclass(frozen=True, slots=True)
class License:
    """What one text says: it is met by any one of its alternatives.

    A license with an exception stands there with and without it, so that a rule on
    the license alone finds it.
    """

    text: str
    alternatives: tuple[Alternative, ...]
    terms: Alternative
    """Every license that some alternative names."""

    @classmethod
    def of(cls, text: str, alternatives: Sequence[Alternative]) -> License:
        """Return what the alternatives make of the text."""
        terms: Alternative = frozenset().union(*alternatives)
        return cls(text, tuple(alternatives), terms)


class _Unreadable(ValueError):
    """The text is no expression."""


class _TooLarge(ValueError):
    """The expression is one, but has too many alternatives."""


def normalised(name: str) -> str:
    """Return the form in which licenses are compared: current SPDX id, lower case."""
    lower = " ".join(name.lower().split())
    if lower in _NAMES:
        return _NAMES[lower]
    base, exception, rest = lower.partition(_WITH)
    gnu = _GNU.fullmatch(base)
    if gnu is None:
        return lower
    family, major, minor = gnu.groups()[:3]
    suffix = "or-later" if gnu["later"] else "only"
    return f"{family}-{major}{minor or '.0'}-{suffix}{exception}{rest}"


def is_stated(text: str) -> bool:
    """Tell whether the text names a license at all."""
    return text.strip().lower() not in _NOTHING


@lru_cache(maxsize=LICENSES_KEPT)
def read_license(text: str) -> License:
    """Read an expression; what is none is one name.

    What is too large to be worked out is all of its licenses at once, so that none
    of them is overlooked.
    """
    tokens = _TOKEN.findall(text[:MAX_LENGTH])
    try:
        if len(text) > MAX_LENGTH:
            return License.of(text, [_all_ids(tokens)])
        return License.of(text, _Parser(tokens).parse())
    except _Unreadable:
        return License.of(text, [_with_base(normalised(text))])
    except _TooLarge:
        return License.of(text, [_all_ids(tokens)])


class _Parser:
    """Reads `OR` of `AND` of licenses and parentheses into alternatives."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> list[Alternative]:
        found = self._any()
        if self._at < len(self._tokens):
            raise _Unreadable
        return found

    def _any(self) -> list[Alternative]:
        found = self._all()
        while self._skip("OR"):
            found = _bounded([*found, *self._all()])
        return found

    def _all(self) -> list[Alternative]:
        found = self._one()
        while self._skip("AND"):
            others = self._one()
            if len(found) * len(others) > MAX_ALTERNATIVES:
                raise _TooLarge
            found = [one | other for one, other in product(found, others)]
        return found

    def _one(self) -> list[Alternative]:
        if not self._skip("("):
            return [self._license()]
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooLarge
        found = self._any()
        self._depth -= 1
        if not self._skip(")"):
            raise _Unreadable
        return found

    def _license(self) -> Alternative:
        name = self._id()
        if self._skip("WITH"):
            name = f"{name}{_WITH}{self._id()}"
        return _with_base(normalised(name))

    def _id(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if token in _WORDS or not _ID.fullmatch(token):
            raise _Unreadable
        self._at += 1
        return token

    def _skip(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in {
            word,
            word.lower(),
        }:
            self._at += 1
            return True
        return False


def _bounded(found: list[Alternative]) -> list[Alternative]:
    if len(found) > MAX_ALTERNATIVES:
        raise _TooLarge
    return found


def _with_base(name: str) -> Alternative:
    return frozenset({name, name.partition(_WITH)[0]})


def _all_ids(tokens: list[str]) -> Alternative:
    names = (token for token in tokens if token not in _WORDS and _ID.fullmatch(token))
    return frozenset().union(*(_with_base(normalised(name)) for name in names))
