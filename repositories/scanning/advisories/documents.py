"""Files of advisory databases, read as plain objects, lists and texts, within caps."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import yaml
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yaml import BaseLoader as Loader
else:  # LibYAML's, in C, where PyYAML was built with it
    Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

MAX_BYTES = 32 * 1024 * 1024  # some announcements list very many packages
MAX_DEPTH = 24  # levels of objects and lists
MAX_NODES = 2_000_000  # what is said twice by reference counts twice
SUFFIXES = (".json", ".yaml", ".yml")
_NULLS = ("", "~", "null", "Null", "NULL")


class UnreadableRecord(ValueError):
    """The file is no record that can be used; the message is a sentence."""


class _Loader(Loader):
    """Reads every scalar as the text it is, but null.

    So no version 1.10 becomes the number 1.1, no digits a huge number, and neither
    tags nor merge keys have a meaning.
    """

    @override
    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        return None if value in _NULLS and not node.style else value


def parsed(raw: bytes, name: str) -> Any:
    """Return the document in a file; its name says whether it is JSON or YAML.

    Raises UnreadableRecord.
    """
    if len(raw) > MAX_BYTES:
        raise UnreadableRecord(f"It is larger than {MAX_BYTES // 1024**2} MiB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableRecord("It is not text in UTF-8.") from None
    value = _json(text) if name.lower().endswith(".json") else _yaml(text)
    _check(value)
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise UnreadableRecord("It is nested too deeply.") from None
    except ValueError as error:
        raise UnreadableRecord(f"It is not JSON: {error}.") from None


def _yaml(text: str) -> Any:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except RecursionError:
        raise UnreadableRecord("It is nested too deeply.") from None
    except (yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "problem", None) or type(error).__name__
        raise UnreadableRecord(f"It is not YAML: {reason}.") from None


def _check(value: Any) -> None:
    """Refuse what is too deep or, its references followed, too large to walk."""
    level, left = [value], MAX_NODES
    for _ in range(MAX_DEPTH):
        found = itertools.chain.from_iterable(map(_children, level))
        level = list(itertools.islice(found, left + 1))
        left -= len(level)
        if left < 0:
            raise UnreadableRecord("It has too many parts.")
        if not level:
            return
    raise UnreadableRecord("It is nested too deeply.")


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()
