"""How severe an advisory says that a vulnerability is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.scanning.advisories.advisory import Rating
from repositories.scanning.formats import scores
from repositories.scanning.formats.values import child, children, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = frozenset(
    {"critical", "important", "high", "moderate", "medium", "low", "negligible"}
)
_SAME = {"unimportant": "negligible", "untriaged": ""}  # what Debian and Ubuntu write
_TITLE = re.compile(r"(Critical|Important|Moderate|Low): ")
_VERSIONS = {"CVSS_V2": "2", "CVSS_V3": "3", "CVSS_V4": "4"}


def rated(owner: dict[str, Any]) -> Rating:
    """Return the rating in a record, or in one of its affected packages.

    Vectors that are none are passed over. Where only CVSS 4 gives a score, and the
    database no word, the word is the one that belongs to the score.
    """
    found = scores.joined(*_scores(owner))
    word = next(filter(None, map(_word, _said(owner))), "")
    if not word and found.cvss3 is None and found.cvss2 is None:
        word = found.severity
    return Rating(word, found.cvss3, found.cvss2, found.vector)


def _scores(owner: dict[str, Any]) -> Iterator[scores.Scores]:
    for entry in children(owner, "severity"):
        if version := _VERSIONS.get(text(entry, "type")):
            found = scores.read(None, text(entry, "score", 300), version)
            if found.severity:
                yield found


def _said(owner: dict[str, Any]) -> Iterator[str]:
    """Yield what may be the database's word, its own before an aggregator's."""
    for entry in children(owner, "severity"):
        if text(entry, "type") not in _VERSIONS:
            yield text(entry, "score")
    own = child(owner, "ecosystem_specific")
    yield text(own, "severity")
    yield text(own, "urgency")
    yield text(own, "ubuntu_priority")
    yield text(child(owner, "database_specific"), "severity")
    title = _TITLE.match(text(owner, "summary"))
    yield title[1] if title else ""


def _word(found: str) -> str:
    word = found.lower()
    word = _SAME.get(word, word)
    return word if word in _WORDS else ""
