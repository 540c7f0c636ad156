"""Reading JSON that strangers wrote, however deep, repetitive or odd it is."""

from __future__ import annotations

import json
from typing import Any, NoReturn

MAX_DEPTH = 32  # levels of objects and lists in a strict document


class InvalidDocument(ValueError):
    """The bytes are no JSON we accept; the message says why, without a full stop."""


def load(raw: bytes) -> Any:
    """Parse JSON tolerantly: broken UTF-8 is replaced and NaN read as null.

    Raises InvalidDocument. The nesting is bounded by Python's own limit only.
    """
    try:
        return json.loads(raw.decode(errors="replace"), parse_constant=_nothing)
    except RecursionError:
        raise InvalidDocument("it is nested too deeply") from None
    except ValueError:
        raise InvalidDocument("it is not JSON") from None


def load_strict(raw: bytes) -> Any:
    """Parse JSON that must mean the same to every reader; raises InvalidDocument.

    Refuses repeated keys, NaN, broken UTF-8 and more than MAX_DEPTH levels.
    """
    try:
        value = json.loads(
            raw.decode(),
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_duplicates,
        )
    except RecursionError:
        raise InvalidDocument("it is nested too deeply") from None
    except InvalidDocument:
        raise
    except ValueError:
        raise InvalidDocument("it is not JSON") from None
    if _is_deeper(value, MAX_DEPTH):
        raise InvalidDocument("it is nested too deeply")
    return value


def _nothing(_name: str) -> None:
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidDocument(f"it contains {name}, which JSON does not allow")


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidDocument("it repeats a key")
    return fields


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
