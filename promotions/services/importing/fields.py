"""Reading the fields of one JSON object that somebody else wrote.

A field that is missing or null has its default; extra fields are left alone; a field of
another type is an error that names the address and the field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from promotions.services.importing.errors import UnusableAnswer

MAX_KEPT = 256 * 1024  # characters of JSON kept of one object
_KINDS = {str: "a text", bool: "true or false", int: "a number"}


@dataclass(frozen=True, slots=True)
class Fields:
    """An object, and the address it came from."""

    address: str
    values: dict[str, Any]

    @classmethod
    def of(cls, address: str, value: object) -> Fields:
        """Return the fields of an object; raises UnusableAnswer for another value."""
        if not isinstance(value, dict):
            message = f"{address}: an entry is no object."
            raise UnusableAnswer(message)
        return cls(address, value)

    def text(self, name: str, default: str = "") -> str:
        """Return a text; what no database can store is taken out."""
        found = self._typed(name, str)
        return default if found is None else storable_text(found)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a switch."""
        found = self._typed(name, bool)
        return default if found is None else bool(found)

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        found = self._typed(name, int)
        return default if found is None else int(found)

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        found = self.text(name)
        if not found:
            message = f"{self.address}: an entry has no “{name}”."
            raise UnusableAnswer(message)
        return found

    def inner(self, name: str) -> Fields:
        """Return an object inside; one without fields where it is missing."""
        found = self.values.get(name)
        return Fields.of(self.address, {} if found is None else found)

    @property
    def original(self) -> dict[str, Any]:
        """The object as it came, to be kept; a very large one is named only."""
        size = len(json.dumps(self.values))
        if size > MAX_KEPT:
            return {"tooLarge": size}
        return {storable_text(k): storable(v) for k, v in self.values.items()}

    def _typed(self, name: str, kind: type) -> Any:
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            message = f"{self.address}: “{name}” of an entry is not {_KINDS[kind]}."
            raise UnusableAnswer(message)
        return found


def storable(value: Any) -> Any:
    """Return a JSON value without the characters that no database can store."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable_text(key): storable(one) for key, one in value.items()}
    return value


def storable_text(text: str) -> str:
    """Return the text without NUL and lone surrogates."""
    return "".join(
        char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff"
    )
