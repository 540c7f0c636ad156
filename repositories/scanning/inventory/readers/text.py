"""Text that strangers wrote, cut to what a component may hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from repositories.scanning.licenses import spdx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_VALUE = 255
MAX_LICENSES = 100


def value_of(found: object) -> str:
    """Return a text on one line, cut at MAX_VALUE; "" for what is no text."""
    if not isinstance(found, str):
        return ""
    return " ".join(found[: 4 * MAX_VALUE].replace("\0", "").split())[:MAX_VALUE]


def licenses_of(found: Iterable[object]) -> tuple[str, ...]:
    """Return the licenses as SPDX writes them, each once."""
    texts = (spdx(text) for text in found if isinstance(text, str))
    distinct = dict.fromkeys(text for text in texts if text)
    return tuple(distinct)[:MAX_LICENSES]


def decoded(content: bytes) -> str:
    """Return what can be read of a text."""
    return content.decode("utf-8", errors="replace")


def json_object(content: bytes) -> dict[str, Any]:
    """Return a JSON object; empty for anything else."""
    try:
        found = json.loads(content.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def paragraphs(text: str, wanted: frozenset[str]) -> Iterator[dict[str, str]]:
    """Yield the wanted fields of each paragraph, by name, without continued lines."""
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        name, colon, value = line.partition(":")
        if colon and name in wanted:
            fields.setdefault(name, value_of(value))
    if fields:
        yield fields
