"""Durations as Go writes them, with days and weeks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from promotions.rules.errors import InvalidRule
from promotions.rules.text_operators import quoted

MAX_DAYS = 36_500

_SECONDS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3_600),
    "d": Fraction(86_400),
    "w": Fraction(604_800),
}
_UNIT = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PART = re.compile(
    rf"([0-9]{{1,18}}(?:\.[0-9]{{0,18}})?|\.[0-9]{{1,18}})({_UNIT})", re.ASCII
)


def parse_duration(text: str) -> timedelta:
    """Read "1h30m", "1.5h", "300ms" or, beyond Go, "7d" and "2w"; a day has 24 hours.

    What is finer than a microsecond is rounded. Raises `InvalidRule` for anything
    else, for negative durations and for those beyond `MAX_DAYS`.
    """
    if text == "0":
        return timedelta(0)
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise InvalidRule(
            f"{quoted(text)} is no duration; write one such as 90m, 24h, 1h30m or 7d."
        )
    seconds = sum(Fraction(part[1]) * _SECONDS[part[2]] for part in parts)
    if seconds > MAX_DAYS * 86_400:
        raise InvalidRule(
            f"The duration {quoted(text)} is longer than {MAX_DAYS} days."
        )
    return timedelta(microseconds=round(seconds * 10**6))


def later(time: datetime, duration: timedelta) -> datetime:
    """Add a duration; what would lie beyond the calendar is its end."""
    try:
        return time + duration
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def in_words(duration: timedelta) -> str:
    """Write a duration with its two largest units: "3d 4h", "90s" is "1m 30s"."""
    rest = round(duration.total_seconds())
    found = []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        if count:
            found.append(f"{count}{unit}")
    return " ".join(found[:2]) or "0s"
