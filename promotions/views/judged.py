"""A stored decision rule by rule: what was wanted, what was seen, and in which scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from promotions.rules import InvalidRule, parse_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promotions.models import Decision

KINDS = ("vulnerabilities", "components", "licenses", "labels")
Times = dict[tuple[str, str], datetime]
"""When evidence was gathered, by the platform it is about and who gathered it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one rule was answered; `at` is None where no evidence was needed."""

    wanted: str
    seen: str
    result: str
    sentence: str
    platform: str
    source: str
    at: datetime | None
    parts: list[Judged]


def judged(decision: Decision) -> list[Judged]:
    """Return the outcomes of a decision as its page shows them."""
    return _rows(decision.outcomes, _times(decision.facts))


def _rows(outcomes: Iterable[Mapping[str, Any]], times: Times) -> list[Judged]:
    return [_row(outcome, times) for outcome in outcomes]


def _row(outcome: Mapping[str, Any], times: Times) -> Judged:
    platform, source = outcome.get("platform", ""), outcome.get("source", "")
    return Judged(
        wanted=_words(outcome.get("rule")),
        seen=outcome.get("seen", ""),
        result=outcome["result"],
        sentence=outcome["sentence"],
        platform=platform,
        source=source,
        at=times.get((platform, source)) or times.get(("", source)),
        parts=_rows(outcome.get("parts", ()), times),
    )


def _words(rule: object) -> str:
    """Return a rule in words; "" for what every policy asks, and rules of old."""
    try:
        return parse_rules([rule])[0].words if rule else ""
    except InvalidRule:
        return ""


def _times(facts: Mapping[str, Any]) -> Times:
    """Return the times in stored facts; one platform speaks for what names none."""
    found: Times = {}
    for platform in facts.get("platforms", ()):
        for kind in KINDS:
            evidence = platform.get(kind, {})
            if at := evidence.get("at"):
                time = datetime.fromisoformat(at)
                found.setdefault((platform["platform"], evidence["source"]), time)
                found.setdefault(("", evidence["source"]), time)
    return found
