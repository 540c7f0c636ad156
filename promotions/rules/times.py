"""Points in time as RFC 3339 writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from promotions.rules.errors import InvalidRule
from promotions.rules.text_operators import quoted

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_RFC_3339 = re.compile(rf"({_DATE})(?:[Tt ]({_TIME})([Zz]|[+-][0-9]{{2}}:[0-9]{{2}}))?")


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time, or a date, which begins at midnight UTC.

    Raises `InvalidRule` for anything else.
    """
    written = _RFC_3339.fullmatch(text)
    if written is None:
        raise _refusal(text)
    date, time, zone = written.groups()
    offset = "+00:00" if zone in {None, "Z", "z"} else zone
    try:
        read = datetime.fromisoformat(f"{date}T{(time or '00:00:00')[:15]}{offset}")
        return read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _refusal(text) from error


def in_utc(time: datetime) -> str:
    """Write a time for people, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _refusal(text: str) -> InvalidRule:
    return InvalidRule(
        f"{quoted(text)} is no time; write one such as 2026-01-31T12:00:00Z, "
        "or a date such as 2026-01-31."
    )
