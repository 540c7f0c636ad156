"""Text that strangers wrote, cut to what a component may hold."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from repositories.scanning.licenses import spdx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_VALUE = 255
MAX_LICENSES = 100
MAX_PARAGRAPHS = 200_000
_MAX_STATED = 2_000  # licenses that one file may state, repetitions included


def value_of(found: object) -> str:
    """Return a text on one line, cut at MAX_VALUE; "" for what is no text."""
    if not isinstance(found, str):
        return ""
    return " ".join(found[: 4 * MAX_VALUE].replace("\0", "").split())[:MAX_VALUE]


def licenses_of(found: Iterable[object]) -> tuple[str, ...]:
    """Return the licenses as SPDX writes them, each once."""
    some = islice(found, _MAX_STATED)
    texts = (spdx(text) for text in some if isinstance(text, str))
    distinct = dict.fromkeys(text for text in texts if text)
    return tuple(distinct)[:MAX_LICENSES]


def decoded(content: bytes) -> str:
    """Return what can be read of a text."""
    return content.decode("utf-8", errors="replace")


def json_value(content: bytes) -> Any:
    """Return what JSON says; None for what is none."""
    try:
        return json.loads(content.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def fields_of(names: str) -> re.Pattern[bytes]:
    """Return what finds these fields, and the empty lines between paragraphs."""
    wanted = "|".join(names.split())
    return re.compile(rf"^({wanted}):([^\n]*)|^[ \t\r\n]*\n".encode(), re.MULTILINE)


def paragraphs(content: bytes, fields: re.Pattern[bytes]) -> Iterator[dict[str, str]]:
    """Yield what `fields` finds in each paragraph, without continued lines.

    No more than just beyond what any limit on packages allows.
    """
    found: dict[str, str] = {}
    yielded = 0
    for match in fields.finditer(content):  # never as a list of lines
        name, value = match.groups()
        if name:
            found.setdefault(decoded(name), value_of(decoded(value)))
        elif found:
            yield found
            found = {}
            yielded += 1
        if yielded > MAX_PARAGRAPHS:
            return
    if found:
        yield found
