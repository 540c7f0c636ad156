"""Where the marks of a chart stand: plain numbers, for the attributes of SVG.

A picture is WIDTH by HEIGHT units, which the page stretches to the room there is; all
that is written stands beside it, so that no letter is ever stretched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

DAYS = 30
WIDTH = 600
HEIGHT = 120
GAP = 4  # between two days
THIN = 2.0  # the least that is seen of what is not nothing


@dataclass(frozen=True, slots=True)
class Series:
    """What one kind of mark stands for; `name` is the class that colours it.

    `pattern` tells it from its neighbours without colour: hatch, dots, or "" for
    plain.
    """

    name: str
    label: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One rectangle, and what it says when it is pointed at."""

    series: Series
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Legend:
    """A kind of mark with the number that is said of it, "" for none."""

    series: Series
    number: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with all that is written around it, and the same as a table."""

    name: str
    title: str
    sentence: str
    marks: list[Mark]
    legend: list[Legend]
    scale: tuple[str, str, str]
    """What is written at the top, the middle and the foot of the picture."""
    days: Sequence[date]
    columns: list[str]
    rows: list[tuple[date, list[str]]]
    note: str = ""
    total: int = 0
    """How many there are of what it counts, where it counts something."""

    @property
    def is_empty(self) -> bool:
        return not self.marks


def last_days(today: date, count: int = DAYS) -> list[date]:
    """Return the days up to and with `today`, the oldest first."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def stacks(
    days: Sequence[date],
    series: Sequence[Series],
    numbers: Mapping[date, Mapping[str, int]],
) -> tuple[list[Mark], tuple[str, str, str]]:
    """Return a bar for each day, the first series at its foot, and the scale."""
    sums = [sum(_of(numbers, day, one) for one in series) for day in days]
    top = nice(max(sums, default=0))
    marks = []
    for place, day in enumerate(days):
        foot = float(HEIGHT)
        for one in series:
            if number := _of(numbers, day, one):
                height = max(number / top * HEIGHT, THIN)
                foot = max(foot - height, 0.0)
                title = f"{day:%d %b}: {number} {one.label}"
                marks.append(_mark(one, place, len(days), foot, height, title))
    middle = str(top // 2) if top % 2 == 0 else f"{top / 2:g}"
    return marks, (str(top), middle, "0")


def _of(numbers: Mapping[date, Mapping[str, int]], day: date, series: Series) -> int:
    return numbers.get(day, {}).get(series.name, 0)


def ranges(
    days: Sequence[date],
    series: tuple[Series, Series],
    numbers: Mapping[date, tuple[float, float]],
    word: Callable[[float], str],
) -> tuple[list[Mark], tuple[str, str, str]]:
    """Return for each day a bar from a low to a high number, the low one marked.

    The scale is logarithmic, in powers of ten: a few hours must not flatten seconds.
    """
    low, high = series
    least, most = _decades(numbers.values())
    marks = []
    for place, day in enumerate(days):
        if day not in numbers:
            continue
        foot, head = (_height(one, least, most) for one in numbers[day])
        height = max(head - foot, THIN)
        said = [f"{day:%d %b}: {word(one)}" for one in numbers[day]]
        for one, y, tall, text in (
            (high, HEIGHT - foot - height, height, said[1]),
            (low, HEIGHT - foot - 2 * THIN, 3 * THIN, said[0]),
        ):
            inside = min(max(y, 0.0), HEIGHT - tall)
            title = f"{text} {one.label}"
            marks.append(_mark(one, place, len(days), inside, tall, title))
    ends = (10.0**most, 10 ** ((least + most) / 2), 10.0**least)
    return marks, (word(ends[0]), word(ends[1]), word(ends[2]))


def _decades(numbers: Iterable[tuple[float, float]]) -> tuple[int, int]:
    """Return the powers of ten around all of them; one apart at least."""
    values = [max(one, 0.001) for pair in numbers for one in pair]
    least = math.floor(math.log10(min(values, default=1)))
    most = math.ceil(math.log10(max(values, default=10)))
    return least, max(most, least + 1)


def _height(value: float, least: int, most: int) -> float:
    share = (math.log10(max(value, 0.001)) - least) / (most - least)
    return min(max(share, 0.0), 1.0) * HEIGHT


def _mark(
    series: Series, place: int, days: int, y: float, height: float, title: str
) -> Mark:
    step = WIDTH / days
    x, width = place * step + GAP / 2, step - GAP
    return Mark(
        series, round(x, 2), round(y, 2), round(width, 2), round(height, 2), title
    )


def nice(number: int) -> int:
    """Return the end of a scale that holds the number, such as 1, 2, 4, 5, 10, 20."""
    if number <= 1:
        return 1
    power = int("1" + "0" * (len(str(number)) - 1))
    return next(
        step * power for step in (1, 2, 4, 5, 6, 8, 10) if step * power >= number
    )
