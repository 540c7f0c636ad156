"""A scan that an adapter was given: its id there, and what was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from repositories.scanning.adapter.kinds import ReportKind

MAX_ID = 180  # characters

_LETTERS = {kind.letter: kind for kind in ReportKind}
_TEXT = re.compile(rf"(?P<setbacks>\d)(?P<letters>[{''.join(_LETTERS)}]+):(?P<id>.+)")


@dataclass(frozen=True, slots=True)
class Submission:
    """`setbacks`, at most nine: how often the adapter forgot it or could not be asked.

    As a text, all of it fits where a scanner's own id of a scan is kept.
    """

    id: str
    kinds: tuple[ReportKind, ...]
    setbacks: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; None for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        kinds = tuple(_LETTERS[letter] for letter in match["letters"])
        return cls(match["id"], kinds, int(match["setbacks"]))

    @override
    def __str__(self) -> str:
        letters = "".join(kind.letter for kind in self.kinds)
        return f"{self.setbacks}{letters}:{self.id}"


def is_id(value: object) -> bool:
    """Tell whether this can be the id of a scan: it is put into an address."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        return False
    return value.isprintable() and value.strip(".") != ""
