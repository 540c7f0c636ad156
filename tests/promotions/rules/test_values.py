"""What people write as the values of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import InvalidRule, Rule
from promotions.rules.durations import in_words, later, parse_duration
from promotions.rules.sizes import in_bytes, parse_size
from promotions.rules.times import in_utc, parse_time
from promotions.rules.versions import parse_version, precedence
from promotions.rules.words import SIGNS
from tests.promotions.rules.images import rule


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1h30m", timedelta(minutes=90)),
        ("720h", timedelta(days=30)),
        ("300ms", timedelta(milliseconds=300)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("2.m", timedelta(minutes=2)),
        ("7d", timedelta(days=7)),
        ("2w1d", timedelta(days=15)),
        ("10us10µs10μs", timedelta(microseconds=30)),
        ("1500ns", timedelta(microseconds=2)),
        ("0", timedelta(0)),
        ("0s", timedelta(0)),
    ],
)
def test_duration_is_read(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1 h",
        "-1h",
        "+1h",
        "h",
        ".",
        ".h",
        "1y",
        "1H",
        "1h 30m",
        "٣h",
        "36501d",
    ],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InvalidRule, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=3, hours=4, minutes=5), "3d 4h"),
        (timedelta(seconds=90), "1m 30s"),
        (timedelta(hours=5, seconds=3), "5h 3s"),
        (timedelta(0), "0s"),
    ],
)
def test_duration_in_words(duration, words):
    assert in_words(duration) == words


def test_nothing_is_later_than_the_calendar():
    assert later(datetime.max.replace(tzinfo=UTC), timedelta(1)).year == 9999


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31", "2026-01-31 00:00:00 UTC"),
        ("2026-01-31T12:00:00Z", "2026-01-31 12:00:00 UTC"),
        ("2026-01-31t12:00:00z", "2026-01-31 12:00:00 UTC"),
        ("2026-01-31 12:00:00+01:00", "2026-01-31 11:00:00 UTC"),
        ("2026-01-31T12:00:00.123456789Z", "2026-01-31 12:00:00 UTC"),
    ],
)
def test_time_is_read(text, time):
    assert in_utc(parse_time(text)) == time


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "2026-02-30",
        "2026-01-31T12:00:00",
        "2026-01-31T25:00:00Z",
        "20260131",
        "0001-01-01T00:00:00+01:00",
        "2026-01-31T12:00:00+99:00",
        "٢026-01-31",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InvalidRule, match="is no time; write one such as"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("12", 12),
        ("12B", 12),
        ("1kB", 1000),
        ("1 KB", 1000),
        ("1.5MiB", 1_572_864),
        ("2gb", 2_000_000_000),
        ("1GiB", 1_073_741_824),
    ],
)
def test_size_is_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1PB", "1,5MB", "1e3", "1.MB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InvalidRule, match="is no size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1500, "1.5 kB"),
        (250_000_000, "250.0 MB"),
        (10**400, "1000000.0 TB"),
    ],
)
def test_size_in_words(size, words):
    assert in_bytes(size) == words


ORDERED = [
    "1.0.0-0",
    "1.0.0-1",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0-0",
    "2.0.0",
]


def test_versions_are_ordered_as_semver_says():
    found = [precedence(version) for version in ORDERED]
    assert all(
        one is not None and other is not None and one < other
        for one, other in pairwise(found)
    )


@pytest.mark.parametrize(
    "tag", ["latest", "1.4", "1", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3.4", "vv1.2.3"]
)
def test_tag_that_is_no_version_has_no_order(tag):
    assert precedence(tag) is None


def test_leading_v_and_what_follows_plus_take_no_part():
    assert precedence("v1.2.3") == precedence("1.2.3") == precedence("1.2.3+build.5")


@pytest.mark.parametrize(
    ("field", "operator", "value", "said"),
    [
        ("vulnerability_major", "lt", "0", "No count is less than 0"),
        ("vulnerability_all", "lte", "-1", "write a whole number from 0"),
        ("vulnerability_all", "lte", "1.5", "write a whole number from 0"),
        ("vulnerability_all", "lte", "٣", "write a whole number from 0"),
        ("vulnerability_all", "lte", "9999999999", "write a whole number from 0"),
        ("size", "lt", "0", "No size is less than 0 bytes."),
        ("scan_age", "lt", "0h", "No scan is younger than 0 seconds."),
        ("scan_age", "lte", "soon", "is no duration"),
        ("updated_at", "af", "yesterday", "is no time"),
        ("updated_at_duration", "af", "1 day", "is no duration"),
        ("semver", "gte", "latest", "is no semantic version"),
        ("sbom", "eq", "True", "is neither true nor false"),
        ("signature_present", "eq", "yes", "is neither true nor false"),
        ("label", "eq", "team", "write key=value"),
        ("component.name", "matches", "(", "is not a regular expression"),
    ],
)
def test_impossible_or_unreadable_value_is_refused(field, operator, value, said):
    with pytest.raises(InvalidRule) as refused:
        rule(field, operator, value)
    assert said in str(refused.value)


@pytest.mark.parametrize("value", ["0", "007", "999999999"])
def test_counts_are_written_as_strings(value):
    written = {"field": "vulnerability_all", "operator": "gte", "values": [value]}
    assert Rule.parse(written).to_json() == written


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (("vulnerability_critical", "lte", "0"), "critical vulnerabilities ≤ 0"),
        (("vulnerability_all", "eq", "0"), "vulnerabilities = 0"),
        (("tag", "eq", "a"), 'tag equals "a"'),
        (("license.name", "noo", "MIT", "X11"), 'license is not one of "MIT", "X11"'),
        (("updated_at_duration", "bf", "24h"), "time since the push before 24h"),
    ],
)
def test_rule_in_words(one, words):
    assert rule(*one).words == words


def test_every_sign_is_of_an_operator_without_words_of_its_own():
    assert set(SIGNS) == {"gte", "gt", "eq", "neq", "lte", "lt", "bf", "af"}


@given(st.timedeltas(timedelta(0), timedelta(days=30_000)))
def test_durations_of_whole_microseconds_round_trip(duration):
    micro = duration // timedelta(microseconds=1)
    assert parse_duration(f"{micro}us") == duration


@given(st.text())
def test_whatever_is_written_is_read_or_refused(text):
    for parse in (parse_duration, parse_time, parse_size, parse_version):
        refusal = "read."
        try:
            parse(text)
        except InvalidRule as error:
            refusal = str(error)
        assert refusal.endswith(".")
