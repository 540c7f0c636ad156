from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from promotions.rules import (
    AnyOf,
    Evidence,
    OutcomeResult,
    Result,
    compile_rules,
)
from tests.promotions.rules.images import (
    NOW,
    PUSHED,
    SCANNED,
    decide,
    image,
    outcome,
    rule,
    scanned,
)

HOLDS, FAILS, UNKNOWN = OutcomeResult
SOAKED = rule("updated_at_duration", "bf", "72h")
FRESH = rule("updated_at_duration", "af", "72h")
UNTIL = PUSHED + timedelta(hours=72)
MOMENT = timedelta(microseconds=1)


def test_soaking_image_waits_until_it_has_soaked():
    waiting = decide(image(), SOAKED)
    assert waiting.result is Result.WAITING
    assert waiting.reevaluate_at == UNTIL
    assert waiting.outcomes[0].sentence == (
        "pushed 2d ago, wanted 72h or more; so long at 2026-03-02 12:00:00 UTC"
    )
    assert decide(image(), SOAKED, now=UNTIL - MOMENT).result is Result.WAITING
    assert decide(image(), SOAKED, now=UNTIL).result is Result.MATCHED


def test_fresh_image_matches_until_it_is_no_longer_fresh():
    matched = decide(image(), FRESH)
    assert (matched.result, matched.expires_at) == (Result.MATCHED, UNTIL)
    assert matched.reevaluate_at is None
    assert decide(image(), FRESH, now=UNTIL - MOMENT).result is Result.MATCHED
    gone = decide(image(), FRESH, now=UNTIL)
    assert (gone.result, gone.expires_at) == (Result.NOT_MATCHED, None)
    assert matched.to_json()["expires_at"] == UNTIL.isoformat()


def test_first_of_several_expiries_counts():
    sooner = rule("updated_at_duration", "af", "50h")
    assert decide(image(), FRESH, sooner).expires_at == PUSHED + timedelta(hours=50)


def test_what_waits_is_asked_again_when_it_can_only_fail():
    soon = rule("updated_at_duration", "bf", "80h")
    assert decide(image(), soon, FRESH).reevaluate_at == UNTIL


@pytest.mark.parametrize(("operator", "sign"), [("lte", "≤"), ("lt", "<")])
def test_old_scan_waits_for_a_new_one(operator, sign):
    old = outcome(image(), rule("scan_age", operator, "5h"))
    assert (old.result, old.unknown_until) == (UNKNOWN, None)
    assert old.remedy == "scan the image again"
    assert old.sentence == (
        f"age of the scan: 6h, wanted {sign} 5h; scan the image again"
    )


@pytest.mark.parametrize(
    ("operator", "at"),
    [("lte", timedelta(hours=7) + MOMENT), ("lt", timedelta(hours=7))],
)
def test_new_scan_holds_until_it_is_old(operator, at):
    new = rule("scan_age", operator, "7h")
    assert decide(image(), new).expires_at == SCANNED + at
    assert decide(image(), new, now=SCANNED + at - MOMENT).result is Result.MATCHED
    assert decide(image(), new, now=SCANNED + at).result is Result.WAITING


@pytest.mark.parametrize(
    ("operator", "at"),
    [("gte", timedelta(hours=7)), ("gt", timedelta(hours=7) + MOMENT)],
)
def test_young_scan_waits_until_it_is_old(operator, at):
    old = rule("scan_age", operator, "7h")
    assert decide(image(), old).reevaluate_at == SCANNED + at
    assert decide(image(), old, now=SCANNED + at - MOMENT).result is Result.WAITING
    assert decide(image(), old, now=SCANNED + at).result is Result.MATCHED


def test_scan_in_the_future_has_no_age():
    future = scanned(vulnerabilities=Evidence((), "", NOW + timedelta(hours=1)))
    assert outcome(image(future), rule("scan_age", "lte", "0")).result is HOLDS


def test_scan_without_a_time_is_unknown():
    timeless = scanned(vulnerabilities=Evidence((), "upload"))
    asked = outcome(image(timeless), rule("scan_age", "lte", "24h"))
    assert asked.result is UNKNOWN
    assert "the report does not tell its time" in asked.sentence


def test_several_platforms_wait_for_the_last_of_them():
    later = scanned(
        "linux/arm64", vulnerabilities=Evidence((), "", SCANNED + timedelta(hours=2))
    )
    facts = image(scanned(), later)
    until = decide(facts, rule("scan_age", "gte", "12h")).reevaluate_at
    assert until == SCANNED + timedelta(hours=14)
    held = decide(facts, rule("scan_age", "lt", "12h")).expires_at
    assert held == SCANNED + timedelta(hours=12)


def test_group_holds_as_long_as_its_last_alternative():
    both = AnyOf((FRESH, rule("updated_at_duration", "af", "96h")))
    assert decide(image(), both).expires_at == PUSHED + timedelta(hours=96)
    forever = AnyOf((FRESH, rule("tag", "eq", "1.4.2")))
    assert decide(image(), forever).expires_at is None


def test_group_wakes_with_its_first_alternative():
    group = AnyOf((SOAKED, rule("updated_at_duration", "bf", "96h")))
    assert decide(image(), group).reevaluate_at == UNTIL


@pytest.mark.parametrize(
    ("one", "wakes"),
    [
        (SOAKED, True),
        (rule("scan_age", "lt", "1h"), True),
        (AnyOf((rule("tag", "eq", "a"), SOAKED)), True),
        (rule("updated_at", "bf", "2026-01-01"), False),
        (rule("vulnerability_all", "lte", "0"), False),
    ],
)
def test_compiled_rules_know_whether_time_alone_changes_them(one, wakes):
    assert compile_rules([one]).wakes_by_time is wakes


def test_push_at_the_end_of_the_calendar_is_answered():
    facts = image(pushed_at=datetime.max.replace(tzinfo=UTC))
    assert decide(facts, SOAKED).result is Result.WAITING
    assert decide(facts, FRESH).result is Result.MATCHED
