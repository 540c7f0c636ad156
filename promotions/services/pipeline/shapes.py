"""What the picture of a pipeline is made of; knows numbers and keys only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

ARROW = 8


@dataclass(frozen=True, slots=True)
class Arc:
    """What leads from one box to another, or to itself, by their keys."""

    key: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large everything is, in the picture's own units."""

    box: tuple[int, int] = (200, 56)
    label: tuple[int, int] = (140, 56)
    between: tuple[int, int] = (36, 16)
    passing: int = 8
    margin: int = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its upper left corner."""

    key: str
    x: int
    y: int
    width: int
    height: int

    @property
    def left(self) -> tuple[int, int]:
        """The middle of the left side."""
        return self.x, self.y + self.height // 2

    @property
    def right(self) -> tuple[int, int]:
        """The middle of the right side."""
        return self.x + self.width, self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Line:
    """The way of an arc, from its start to its end, and its label.

    One that goes back closes a loop; it is the only kind that leads to the left.
    """

    key: str
    label: Box
    points: tuple[tuple[int, int], ...]
    is_back: bool

    @property
    def path(self) -> str:
        """The way as SVG writes it: curves between columns, straight through them."""
        (x, y), *_ = self.points
        return f"M{x} {y}" + "".join(_curve(*two) for two in pairwise(self.points))

    @property
    def arrow(self) -> str:
        """The head of the arrow, as the points of a polygon."""
        (x, y), back = self.points[-1], ARROW if self.is_back else -ARROW
        return f"{x},{y} {x + back},{y - ARROW // 2} {x + back},{y + ARROW // 2}"


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything in its place; boxes and labels in the order in which they are read."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (to_x, to_y) = start, end
    if y == to_y or x == to_x:
        return f"L{to_x} {to_y}"
    middle = (x + to_x) // 2
    return f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"
