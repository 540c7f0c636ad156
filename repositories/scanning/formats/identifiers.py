"""The names of one vulnerability, and which of them it is known by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ALIASES = 32
_CVE = re.compile(r"CVE-\d{4}-\d{4,12}")
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")
_WORD = re.compile(r"\b(?:CVE-\d{4}-\d{4,12}|GHSA(?:-[0-9a-z]{4}){3})\b", re.IGNORECASE)
# An announcement covers several vulnerabilities: it names none of them.
_ANNOUNCEMENT = re.compile(
    r"(?:RH[SBE]A|CES?A|ELSA|ELBA|ALSA|ALAS\w*|ASB?-\w+|RLSA|RXSA|DSA|DLA|USN|LSN|"
    r"SUSE-\w+|openSUSE-\w+|PHSA|GLSA|FEDORA|MGASA|ASA|VSA|KLSA|TLSSA)-.*",
    re.IGNORECASE,
)


def written(name: str) -> str:
    """Return a name as its authority writes it: CVE in capitals, GHSA's rest small."""
    text = name.strip()
    upper = text.upper()
    if _CVE.fullmatch(upper):
        return upper
    ghsa = upper[:4] + upper[4:].lower()
    return ghsa if _GHSA.fullmatch(ghsa) else text


def mentioned(text: str) -> list[str]:
    """Return the CVE and GHSA names in a text, in order."""
    return list(dict.fromkeys(written(name) for name in _WORD.findall(text)))


def is_cve(name: str) -> bool:
    """Say whether a name, as `written` gives it, is a CVE."""
    return _CVE.fullmatch(name) is not None


def folded(name: str, others: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the id and the aliases of each vulnerability that a finding stands for.

    That is one; only a distribution's announcement stands for each CVE it covers.
    """
    first = written(name)
    names = list(dict.fromkeys([first, *map(written, others)]))
    cves = [known for known in names if is_cve(known)]
    if not cves or is_cve(first):
        yield first, _aliases(names, first)
    elif _ANNOUNCEMENT.fullmatch(first):
        yield from ((cve, ()) for cve in cves)
    else:
        yield cves[0], _aliases(names, cves[0])


def _aliases(names: list[str], known: str) -> tuple[str, ...]:
    others = [name for name in names[: MAX_ALIASES + 1] if name != known]
    return tuple(name for name in others if not _ANNOUNCEMENT.fullmatch(name))
