"""Taking values out of documents that strangers wrote.

What carries evidence (a list of packages or findings) must have the type it should
have, or the report is refused: a list that cannot be read must not look like an empty
one. What only describes (a title, a score) is left out where it is of a wrong type.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LENGTH = 500  # of titles, names, versions
_HIGHEST_SCORE = 10
_FIRST_YEAR = 1990  # Go's zero time is of the year 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LINK = re.compile(r"https?://[^\s<>\"']{1,990}", re.IGNORECASE)


class UnreadableReport(ValueError):
    """The report cannot be read; the message is a sentence with its full stop."""


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return the object; raises UnreadableReport for anything else."""
    if isinstance(value, dict):
        return value
    raise UnreadableReport(f"{where} must be an object.")


def items(owner: dict[str, Any], key: str, where: str) -> list[Any]:
    """Return a list, empty where there is none; raises UnreadableReport."""
    value = owner.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise UnreadableReport(f"{_path(where, key)} must be a list.")


def objects(
    owner: dict[str, Any], key: str, where: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk a list of objects, each with its place; raises UnreadableReport."""
    path = _path(where, key)
    for number, value in enumerate(items(owner, key, where)):
        place = f"{path}[{number}]"
        yield place, mapping(value, place)


def child(owner: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object that only describes; empty where it is none."""
    value = owner.get(key)
    return value if isinstance(value, dict) else {}


def children(owner: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    """Walk the objects in a list that only describes; others are passed over."""
    value = owner.get(key)
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))


def texts(owner: dict[str, Any], key: str, limit: int = TEXT_LENGTH) -> Iterator[str]:
    """Walk the texts in a list that only describes; a single text counts as a list."""
    value = owner.get(key)
    for entry in value if isinstance(value, list) else [value]:
        if found := plain(entry, limit):
            yield found


def text(owner: dict[str, Any], key: str, limit: int = TEXT_LENGTH) -> str:
    """Return one line of text, cut at the limit; "" for what is none."""
    return plain(owner.get(key), limit)


def plain(value: Any, limit: int = TEXT_LENGTH) -> str:
    """Return a value as one line; NUL and other controls become spaces.

    Halves of surrogate pairs, which no encoding can carry, become question marks.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    found = value[: limit * 2]
    if not found.isprintable():
        found = " ".join(_CONTROL.sub(" ", _encodable(found)).split())
    return found.strip()[:limit]


def link(*candidates: Any) -> str:
    """Return the first that is an http or https address, "" if none is."""
    for value in candidates:
        found = value.strip() if isinstance(value, str) else ""
        if _LINK.fullmatch(found):
            return plain(found, 1000)
    return ""


def score(value: Any) -> float | None:
    """Return a CVSS score; None for 0, which tools write where they have none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return round(found, 1) if 0 < found <= _HIGHEST_SCORE else None


@lru_cache(maxsize=64)
def _moment(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= _FIRST_YEAR else None


def moment(owner: dict[str, Any], key: str) -> datetime | None:
    """Return a time in UTC, which is assumed where no zone stands; else None."""
    return _moment(text(owner, key, 40))


def _encodable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
