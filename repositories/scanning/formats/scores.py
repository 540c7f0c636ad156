"""CVSS scores as reports give them, and from vectors where they give none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cvss import (
    CVSS2,
    CVSS3,
    CVSS4,
    CVSSError,
)

from repositories.scanning.formats.values import score

_VERSION = re.compile(r"CVSS:(\d)\.\d/")
_MAX_VECTOR = 200
_WORDS = ("", "unknown", "none", "negligible", "low", "medium", "high", "critical")
_SAME = {"moderate": "medium", "important": "high", "info": "negligible"}
_PREFERRED = ("nvd", "", "ghsa", "github", "redhat")  # "" is the finding's own source


@dataclass(frozen=True, slots=True)
class Scores:
    """What one source says; None and "" are unknown."""

    cvss3: float | None = None
    cvss2: float | None = None
    vector: str = ""
    severity: str = ""  # derived from the score, for findings without a word


def read(number: object, vector: str, version: str = "") -> Scores:
    """Return the scores of one rating; `version` is "2", "3", "4" or unknown.

    A score that is not given is computed from the vector.
    """
    known = version[:1] or _version(vector)
    if known == "3" and vector.startswith("AV:"):
        vector = f"CVSS:3.1/{vector}"
    given = score(number)
    if known not in ("2", "3", "4") or len(vector) > _MAX_VECTOR:
        return Scores()
    base = given if given is not None else _computed(vector)
    word = _word(base)
    if known == "4":
        return Scores(vector=vector, severity=word)
    if known == "3":
        return Scores(cvss3=base, vector=vector, severity=word)
    return Scores(cvss2=base, vector=vector, severity=word)


def joined(*parts: Scores) -> Scores:
    """Join ratings of one source: the vector and word of version 3, else 4, else 2."""
    ordered = sorted(parts, key=_rank)
    vectors = [part for part in ordered if part.vector or part.severity]
    return Scores(
        cvss3=next((p.cvss3 for p in ordered if p.cvss3 is not None), None),
        cvss2=next((p.cvss2 for p in ordered if p.cvss2 is not None), None),
        vector=next((part.vector for part in vectors if part.vector), ""),
        severity=next((part.severity for part in vectors if part.severity), ""),
    )


def preferred(by_source: dict[str, Scores], own: str = "") -> Scores:
    """Choose among sources: NVD, the finding's own, GitHub, Red Hat, else the worst.

    Each version is chosen for itself, as NVD often has only one of them.
    """
    names = [own.lower() if name == "" else name for name in _PREFERRED]
    ordered = [by_source[name] for name in names if name in by_source]
    rest = [scores for name, scores in by_source.items() if name not in names]
    rest.sort(key=lambda scores: scores.cvss3 or scores.cvss2 or 0, reverse=True)
    return _first_of_each(ordered + rest)


def worse(one: str, other: str) -> str:
    """Return the worse of two severities, each in its scanner's own word."""
    return other if rank(other) > rank(one) else one


def rank(severity: str) -> int:
    """Order severities; words that nobody uses come before all others."""
    word = severity.strip().lower()
    word = _SAME.get(word, word)
    return _WORDS.index(word) if word in _WORDS else -1


def _first_of_each(candidates: list[Scores]) -> Scores:
    third = [c for c in candidates if c.cvss3 is not None]
    fourth = [c for c in candidates if c.vector.startswith("CVSS:4")]
    second = [c for c in candidates if c.cvss2 is not None]
    best = [*third[:1], *fourth[:1], *second[:1]]
    return joined(*best) if best else Scores()


def _rank(scores: Scores) -> int:
    if scores.cvss3 is not None or scores.vector.startswith("CVSS:3"):
        return 0
    return 1 if scores.vector.startswith("CVSS:4") else 2


def _version(vector: str) -> str:
    found = _VERSION.match(vector)
    if found:
        return found[1]
    return "2" if "AV:" in vector else ""


@lru_cache(maxsize=4096)
def _computed(vector: str) -> float | None:
    kinds = {"2": CVSS2, "3": CVSS3, "4": CVSS4}
    try:
        kind = kinds[_version(vector)]
        return score(float(kind(vector.removeprefix("CVSS:2.0/")).base_score))
    except (CVSSError, KeyError):
        return None


def _word(base: float | None) -> str:
    if base is None:
        return ""
    bounds = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"))
    return next((word for bound, word in bounds if base >= bound), "low")
