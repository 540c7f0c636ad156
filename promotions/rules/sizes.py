"""Sizes in bytes, as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

from promotions.rules.errors import InvalidRule
from promotions.rules.text_operators import quoted

LARGEST = 10**18
"""Larger sizes are no sizes of images, and said as this one."""

_BYTES = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]{0,3})")


def parse_size(text: str) -> int:
    """Read a number of bytes such as "500MB" or "1.5GiB", rounded to whole bytes.

    Raises `InvalidRule` for anything else.
    """
    written = _SIZE.fullmatch(text)
    unit = written and _BYTES.get(written[2].lower())
    if not written or not unit:
        raise InvalidRule(
            f"{quoted(text)} is no size; write bytes, or a number with "
            "kB, MB, GB, KiB, MiB or GiB, such as 500MB."
        )
    return round(Fraction(written[1]) * unit)


def in_bytes(size: int) -> str:
    """Write a size for people: "1.5 GB", "12 B"."""
    for unit in ("TB", "GB", "MB", "kB"):
        if size >= _BYTES[unit.lower()]:
            tenths = min(size, LARGEST) * 10 // _BYTES[unit.lower()]
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{size} B"
