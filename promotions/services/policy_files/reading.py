"""YAML from outside to plain values, each with its place; nothing else is understood.

Of YAML only what JSON has is taken: no aliases and anchors (a file of a kilobyte can
stand for gigabytes), no tags (they make objects), no merge keys and no second document.
Plain words are read as YAML 1.2 does: `yes`, `1:30` and `2026-01-31` are texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import yaml
from yaml import events
from yaml.reader import ReaderError

from promotions.rules.text_operators import quoted
from promotions.services.policy_files.problems import InvalidFile, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12
MAX_VALUES = 50_000

Path = tuple[str | int, ...]
Place = tuple[int, int]

_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile("|~|null|Null|NULL"), lambda _text: None),
    (re.compile("true|True|TRUE"), lambda _text: True),
    (re.compile("false|False|FALSE"), lambda _text: False),
    (re.compile("[-+]?[0-9]{1,18}"), int),
    (re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}"), float),
)
_TAGS = "Tags (!…) are not read: write plain texts, numbers, lists and mappings."
_ALIASES = "Aliases and anchors (* and &) are not read: write the value out."
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CHARACTERS = "This text holds a character that cannot be stored: remove it."
_DEPTH = f"A file of policies is nested at most {MAX_DEPTH} deep."


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file, and where each of them stands: line and column by path."""

    value: Any
    places: dict[Path, Place] = field(default_factory=dict)

    def problem(self, path: Path, sentence: str) -> Problem:
        """Return the problem at a path, or at the nearest place that is above it."""
        while path and path not in self.places:
            path = path[:-1]
        return Problem(sentence, *self.places.get(path, (0, 0)))


def read(content: bytes | str) -> Document:
    """Read a file; raises InvalidFile for what is too long, no UTF-8, or no plain YAML.

    The size is looked at before anything else is.
    """
    try:
        return _Reading(_text(content)).document()
    except ReaderError as error:
        message = f"The file holds the character U+{error.character:04X}: remove it."
        raise InvalidFile([Problem(message)]) from error
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error) from error
    except (ValueError, OverflowError) as error:  # of numbers that the parser reads
        message = "This is no YAML: it holds a number that is too large."
        raise InvalidFile([Problem(message)]) from error


def _text(content: bytes | str) -> str:
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > MAX_BYTES:
        message = f"A file of policies has at most {MAX_BYTES // 1024} KiB."
        raise InvalidFile([Problem(message)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "The file is not encoded in UTF-8: save it so."
        raise InvalidFile([Problem(message)]) from error


def _unreadable(error: yaml.MarkedYAMLError) -> InvalidFile:
    mark = error.problem_mark or error.context_mark
    said = (error.problem or error.context or "it cannot be read").partition("\n")[0]
    sentence = f"This is no YAML: {said}."
    if "cannot start any token" in said:
        sentence += " Put a text that begins so in quotes."
    place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return InvalidFile([Problem(sentence, *place)])


class _Reading:
    """Makes values of the parser's events, and stops at the first that it refuses."""

    def __init__(self, text: str) -> None:
        self._events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._places: dict[Path, Place] = {}

    def document(self) -> Document:
        self._next()  # the stream starts
        if isinstance(self._next(), events.StreamEndEvent):
            raise InvalidFile([Problem("The file is empty.")])
        value = self._value(self._next(), ())
        self._next()  # the document ends
        after = self._next()
        if not isinstance(after, events.StreamEndEvent):
            raise _at(after, "A file holds one document: remove this second one.")
        return Document(value, self._places)

    def _next(self) -> events.Event:
        return next(self._events)

    def _value(self, event: events.Event, path: Path) -> Any:
        self._refuse(event, path)
        self._places.setdefault(path, _place(event))
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(path)
        scalar = cast("events.ScalarEvent", event)
        return _plain(scalar.value) if scalar.implicit[0] else scalar.value

    def _refuse(self, event: events.Event, path: Path) -> None:
        if isinstance(event, events.AliasEvent) or getattr(event, "anchor", None):
            raise _at(event, _ALIASES)
        if getattr(event, "tag", None) is not None:
            raise _at(event, _TAGS)
        if _UNSTORABLE.search(getattr(event, "value", "")):
            raise _at(event, _CHARACTERS)
        if len(path) > MAX_DEPTH:
            raise _at(event, _DEPTH)
        if len(self._places) > MAX_VALUES:
            raise _at(event, f"A file of policies has at most {MAX_VALUES} values.")

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), events.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), events.MappingEndEvent):
            key = self._key(event, path)
            if key in found:
                sentence = f"The key {quoted(key)} stands here a second time."
                raise _at(event, sentence)
            self._places[*path, key] = _place(event)
            found[key] = self._value(self._next(), (*path, key))
        return found

    def _key(self, event: events.Event, path: Path) -> str:
        self._refuse(event, path)
        if not isinstance(event, events.ScalarEvent):
            raise _at(event, "A key is a word.")
        if event.value == "<<" and event.implicit[0]:
            raise _at(event, "Merge keys (<<) are not read: write the keys out.")
        return str(event.value)


def _plain(text: str) -> Any:
    for pattern, made in _PLAIN:
        if pattern.fullmatch(text):
            return made(text)
    return text


def _place(event: events.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _at(event: events.Event, sentence: str) -> InvalidFile:
    return InvalidFile([Problem(sentence, *_place(event))])
