"""The order of versions, which is another one in each ecosystem."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from univers import versions as univers
from univers.nuget import InvalidNuGetVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LENGTH = 200
_INVALID = (ValueError, TypeError, IndexError, InvalidNuGetVersion)
_COMPOSER = re.compile(
    r"v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,3})"
    r"(?:[-_.+]?(?P<word>stable|beta|b|rc|alpha|a|patch|pl|p)"
    r"(?P<more>(?:[-.]?\d{1,9})*))?(?P<dev>[-.]?dev)?",
    re.IGNORECASE,
)
_STABILITY = {"d": -4, "a": -3, "b": -2, "r": -1, "s": 0, "p": 1}
# What univers does not know: its commits of Alpine sort as its patches do.
_ALPINE_COMMIT = re.compile(r"_(?:cvs|svn|git|hg)(?=\d*(?:_|-r|$))")


def family_of(ecosystem: str) -> str:
    """Return the ecosystem without the release; its versions have one order."""
    return ecosystem.partition(":")[0]


@lru_cache(maxsize=2**16)
def compare(family: str, one: str, other: str) -> int | None:
    """Return -1, 0 or 1 as the first version is older, as new, or newer.

    None where they cannot be compared, because either is no version.
    """
    first, second = _parsed(family, one), _parsed(family, other)
    if first is None or second is None:
        return None
    try:
        return -1 if first < second else int(second < first)
    except _INVALID:
        return None


def is_version(family: str, text: str) -> bool:
    """Say whether the order of the ecosystem has a place for a text."""
    return _parsed(family, text) is not None


@lru_cache(maxsize=2**15)
def _parsed(family: str, text: str) -> Any | None:
    """Return something that compares as the version does; None if it is none."""
    parse = _ORDERS.get(family)
    if parse is None or not 0 < len(text) <= MAX_LENGTH or not text.isascii():
        return None
    try:
        found = parse(text)
    except _INVALID:
        return None
    return None if getattr(found, "value", found) is None else found


def _semantic(text: str) -> Any:
    """Leave out what follows a plus sign: it has no part in the order (SemVer 10)."""
    return univers.SemverVersion(text.partition("+")[0])


def _go(text: str) -> Any:
    return _semantic(re.sub(r"^(?:go|v)(?=\d)", "", text))


def _alpine(text: str) -> Any:
    return univers.AlpineLinuxVersion(_ALPINE_COMMIT.sub("_p", text))


def _composer(text: str) -> Any:
    """Order as Composer normalises: up to four numbers, stability, its number."""
    found = _COMPOSER.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found["numbers"].split(".")]
    word = (found["word"] or ("d" if found["dev"] else "s"))[0].lower()
    more = tuple(int(part) for part in re.findall(r"\d+", found["more"] or ""))
    padded = tuple(numbers + [0] * (4 - len(numbers)))
    return padded, _STABILITY[word], more, not found["dev"]


_ORDERS: Mapping[str, Callable[[str], Any]] = {
    "PyPI": univers.PypiVersion,
    "npm": _semantic,
    "crates.io": _semantic,
    "Hex": _semantic,
    "Pub": _semantic,
    "SwiftURL": _semantic,
    "Go": _go,
    "Maven": univers.MavenVersion,
    "RubyGems": univers.RubygemsVersion,
    "NuGet": univers.NugetVersion,
    "Packagist": _composer,
    "Debian": univers.DebianVersion,
    "Ubuntu": univers.DebianVersion,
    "Alpine": _alpine,
    "AlmaLinux": univers.RpmVersion,
    "Rocky Linux": univers.RpmVersion,
    "Red Hat": univers.RpmVersion,
}
