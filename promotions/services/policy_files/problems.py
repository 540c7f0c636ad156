"""What is wrong with a file of policies, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence about a place in the file; lines and columns count from 1.

    A line of 0 is the file as a whole.
    """

    sentence: str
    line: int = 0
    column: int = 0

    @override
    def __str__(self) -> str:
        if not self.line:
            return self.sentence
        return f"Line {self.line}, column {self.column}: {self.sentence}"


class InvalidFile(ValidationError):
    """A file that cannot be read as policies; says all that is wrong, with places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)[:MAX_PROBLEMS]
        super().__init__([str(one) for one in self.problems])


class StalePlan(ValidationError):
    """What a plan was made for is not so any more: the file, the options, policies."""

    def __init__(self) -> None:
        super().__init__(
            "The plan does not hold any more: the file, the options or the policies"
            " changed since it was made. Make a new plan, look at it, and apply that.",
            code="stale_plan",
        )
