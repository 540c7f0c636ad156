"""Rules that the passing of time answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from promotions.rules.durations import in_words, later, parse_duration
from promotions.rules.facts import Evidence
from promotions.rules.judgements import (
    HOLDS,
    UNKNOWN,
    Judgement,
    Told,
    answer,
)
from promotions.rules.operators import Operator
from promotions.rules.times import in_utc, parse_time
from promotions.rules.words import SIGNS

if TYPE_CHECKING:
    from datetime import datetime

    from promotions.rules.index import ImageIndex, PlatformIndex
    from promotions.rules.outcomes import OutcomeResult
    from promotions.rules.rule import Rule

_RESCAN = "scan the image again"


def judge_push_time(rule: Rule) -> Judgement[ImageIndex]:
    """Compare the time of the push with a fixed time."""
    wanted = parse_time(rule.values[0])
    is_before = rule.operator is Operator.BEFORE

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        pushed = image.facts.pushed_at
        return answer(pushed < wanted if is_before else pushed > wanted)

    def tell(image: ImageIndex, _now: datetime, _result: OutcomeResult) -> Told:
        seen = in_utc(image.facts.pushed_at)
        word = SIGNS[rule.operator]
        return Told(seen, f"pushed at {seen}, wanted {word} {in_utc(wanted)}")

    return Judgement(ask, tell)


def judge_push_age(rule: Rule) -> Judgement[ImageIndex]:
    """Wait with `bf` until the push is so long ago; hold with `af` until then."""
    if rule.operator is Operator.BEFORE:
        return _soaked(rule)
    return _fresh(rule)


def _soaked(rule: Rule) -> Judgement[ImageIndex]:
    wanted = parse_duration(rule.values[0])

    def ask(image: ImageIndex, now: datetime) -> OutcomeResult:
        return HOLDS if now - image.facts.pushed_at >= wanted else UNKNOWN

    def tell(image: ImageIndex, now: datetime, result: OutcomeResult) -> Told:
        seen = _age(now - image.facts.pushed_at)
        said = f"pushed {seen} ago, wanted {rule.values[0]} or more"
        if result is HOLDS:
            return Told(seen, said)
        until = later(image.facts.pushed_at, wanted)
        return Told(seen, f"{said}; so long at {in_utc(until)}", unknown_until=until)

    return Judgement(ask, tell)


def _fresh(rule: Rule) -> Judgement[ImageIndex]:
    wanted = parse_duration(rule.values[0])

    def ask(image: ImageIndex, now: datetime) -> OutcomeResult:
        return answer(now - image.facts.pushed_at < wanted)

    def tell(image: ImageIndex, now: datetime, result: OutcomeResult) -> Told:
        seen = _age(now - image.facts.pushed_at)
        until = later(image.facts.pushed_at, wanted)
        said = f"pushed {seen} ago, wanted less than {rule.values[0]}"
        return Told(seen, said, holds_until=until if result is HOLDS else None)

    return Judgement(ask, tell)


def judge_scan_age(rule: Rule) -> Judgement[PlatformIndex]:
    """Compare the age of the vulnerability evidence; a new scan can change it.

    Therefore it never fails: too old waits for a scan, too young for time to pass.
    """
    wanted = parse_duration(rule.values[0])
    strict = rule.operator in {Operator.LESS_THAN, Operator.GREATER_THAN}
    is_limit = rule.operator in {Operator.LESS_THAN, Operator.LESS_THAN_OR_EQUALS}
    beyond = timedelta(microseconds=int(strict is not is_limit))

    def ask(platform: PlatformIndex, now: datetime) -> OutcomeResult:
        at = _scanned_at(platform)
        if at is None:
            return UNKNOWN
        age = max(now - at, timedelta(0))
        if age == wanted:
            return UNKNOWN if strict else HOLDS
        return HOLDS if (age < wanted) is is_limit else UNKNOWN

    def tell(platform: PlatformIndex, now: datetime, result: OutcomeResult) -> Told:
        at = _scanned_at(platform)
        if at is None:
            sentence = "age of the scan: unknown, the report does not tell its time"
            return Told("", f"{sentence}; {_RESCAN}", remedy=_RESCAN)
        seen, change = _age(now - at), later(at, wanted + beyond)
        sign = SIGNS[rule.operator]
        sentence = f"age of the scan: {seen}, wanted {sign} {rule.values[0]}"
        if result is HOLDS:
            return Told(seen, sentence, holds_until=change if is_limit else None)
        if is_limit:
            return Told(seen, f"{sentence}; {_RESCAN}", remedy=_RESCAN)
        return Told(seen, sentence, unknown_until=change)

    return Judgement(ask, tell)


def _scanned_at(platform: PlatformIndex) -> datetime | None:
    evidence = platform.facts.vulnerabilities
    return evidence.at if isinstance(evidence, Evidence) else None


def _age(age: timedelta) -> str:
    return in_words(max(age, timedelta(0)))
