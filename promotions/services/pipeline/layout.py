"""Where the boxes and arrows of a graph stand, from left to right.

Knows numbers and keys only. Boxes stand in columns by the longest way to them; between
two columns of boxes is one of labels. An arrow is a chain from box to box, by its label
and by a reserved place in every column that it passes, so that it runs through nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from promotions.services.pipeline.shapes import Arc, Box, Line, Picture, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SWEEPS = 8
PULLS = 30


@dataclass(slots=True, eq=False)
class _Item:
    """What takes room in a column: a box, a label, or an arrow that passes."""

    column: int
    width: int
    height: int
    before: list[_Item] = field(default_factory=list)
    after: list[_Item] = field(default_factory=list)
    y: float = 0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def placed(self, key: str, sizes: Sizes) -> Box:
        """Return where it stands; columns of boxes and of labels take turns."""
        boxes, labels = (self.column + 1) // 2, self.column // 2
        x = boxes * sizes.box[0] + labels * sizes.label[0]
        x += self.column * sizes.between[0] + sizes.margin
        return Box(key, x, round(self.y) + sizes.margin, self.width, self.height)


@dataclass(frozen=True, slots=True)
class _Way:
    """An arc with what it needs between its ends, from left to right."""

    arc: Arc
    left: _Item
    right: _Item
    between: list[_Item]
    is_back: bool


def lay_out(
    keys: Sequence[str], arcs: Sequence[Arc], sizes: Sizes | None = None
) -> Picture:
    """Return the picture of a graph, always the same for the same.

    The keys of boxes, and those of arcs, must differ; arcs must name boxes.
    """
    sizes = sizes or Sizes()
    order = _order(keys, arcs)
    columns = _columns(order, arcs)
    items = {key: _Item(2 * columns[key], *sizes.box) for key in keys}
    ways = [_way(arc, order, items, sizes) for arc in arcs]
    rows = _rows([*items.values(), *(item for way in ways for item in way.between)])
    _sort(rows)
    _place(rows, sizes.between[1])
    boxes = [item.placed(key, sizes) for key, item in items.items()]
    return _picture(boxes, [_line(way, sizes) for way in ways], sizes.margin)


def _order(keys: Sequence[str], arcs: Sequence[Arc]) -> dict[str, int]:
    """Return the boxes numbered so that few arcs lead to a smaller number.

    Those to which nothing leads come first; in a loop, the one with the most ways out.
    """
    left, order = dict.fromkeys(keys), dict[str, int]()
    while left:
        first = _first(
            left, [one for one in arcs if {one.start, one.end} <= left.keys()]
        )
        order[first] = len(order)
        del left[first]
    return order


def _first(keys: Iterable[str], arcs: Iterable[Arc]) -> str:
    into, out = Counter[str](), Counter[str]()
    for arc in arcs:
        if arc.start != arc.end:
            out[arc.start] += 1
            into[arc.end] += 1
    return min(keys, key=lambda key: (into[key] > 0, into[key] - out[key]))


def _columns(order: dict[str, int], arcs: Sequence[Arc]) -> dict[str, int]:
    """Return the column of each box: the longest way to it from the left."""
    after = defaultdict(list)
    for arc in arcs:
        first, last = sorted((arc.start, arc.end), key=order.__getitem__)
        if first != last:
            after[first].append(last)
    columns = dict.fromkeys(order, 0)
    for key in order:
        for other in after[key]:
            columns[other] = max(columns[other], columns[key] + 1)
    return columns


def _way(
    arc: Arc, order: dict[str, int], items: dict[str, _Item], sizes: Sizes
) -> _Way:
    """Lead an arc through the columns: its label comes first, then what reserves room.

    One that leads back goes the same way, and is walked from its other end.
    """
    first, last = sorted((arc.start, arc.end), key=order.__getitem__)
    left, right = items[first], items[last]
    between = [_Item(left.column + 1, *sizes.label)]
    for column in range(left.column + 2, right.column):
        width = sizes.label[0] if column % 2 else sizes.box[0]
        between.append(_Item(column, width, sizes.passing))
    ends = [] if left is right else [right]
    for one, other in pairwise([left, *between, *ends]):
        one.after.append(other)
        other.before.append(one)
    return _Way(arc, left, right, between, is_back=arc.end == first)


def _rows(items: Iterable[_Item]) -> list[list[_Item]]:
    """Return the columns, each with what stands in it."""
    columns = defaultdict[int, list[_Item]](list)
    for item in items:
        columns[item.column].append(item)
    return [columns[number] for number in sorted(columns)]


def _sort(columns: list[list[_Item]]) -> None:
    """Order every column by where its neighbours stand, forth and back again."""
    for number in range(SWEEPS):
        forth = number % 2 == 0
        places: dict[_Item, float] = {}
        for column in columns if forth else reversed(columns):
            wanted = _wanted(column, places, forth=forth)
            column.sort(key=wanted.__getitem__)
            places |= {item: place / len(column) for place, item in enumerate(column)}


def _wanted(
    column: list[_Item], places: dict[_Item, float], *, forth: bool
) -> dict[_Item, float]:
    """Return the mean place of the neighbours; where there are none, it stays."""
    wanted = {}
    for place, item in enumerate(column):
        near = [places[one] for one in (item.before if forth else item.after)]
        wanted[item] = sum(near) / len(near) if near else place / len(column)
    return wanted


def _place(columns: list[list[_Item]], gap: int) -> None:
    """Give everything its height: close to its neighbours, and off each other."""
    for column in columns:
        _put_apart(column, [0.0] * len(column), gap)
    for number in range(PULLS):
        for column in columns if number % 2 else reversed(columns):
            _put_apart(column, [_pulled(item) for item in column], gap)
    top = min((item.y for column in columns for item in column), default=0)
    for item in (item for column in columns for item in column):
        item.y -= top


def _pulled(item: _Item) -> float:
    """Return the upper end that brings it level with its neighbours."""
    near = [one.middle for one in (*item.before, *item.after)]
    return sum(near) / len(near) - item.height / 2 if near else item.y


def _put_apart(column: list[_Item], wanted: list[float], gap: int) -> None:
    """Place a column's items, in their order, as near to the wanted as can be.

    By pooling those that push each other (isotonic regression): a pool stands at the
    mean of what its members want.
    """
    pools: list[tuple[float, int]] = []  # what its members want together; how many
    offsets = [0.0]
    for item, want in zip(column, wanted, strict=True):
        total, count = want - offsets[-1], 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
        offsets.append(offsets[-1] + item.height + gap)
    places = [total / count for total, count in pools for _ in range(count)]
    for item, place, offset in zip(column, places, offsets, strict=False):
        item.y = place + offset


def _line(way: _Way, sizes: Sizes) -> Line:
    label = way.between[0].placed(way.arc.key, sizes)
    start = way.left.placed(way.arc.start, sizes)
    if way.left is way.right:
        return Line(way.arc.key, label, _round_trip(start, label), is_back=True)
    points = [start.right]
    for item in way.between:
        passed = item.placed("", sizes)
        points += [passed.left, passed.right]
    points.append(way.right.placed("", sizes).left)
    if way.is_back:
        points.reverse()
    return Line(way.arc.key, label, tuple(points), way.is_back)


def _round_trip(box: Box, label: Box) -> tuple[tuple[int, int], ...]:
    """Return the way from a box to its label and back into it."""
    (x, y), (end, height), off = box.right, label.left, box.height // 4
    return (x, y - off), (end, height - off), (end, height + off), (x, y + off)


def _picture(boxes: list[Box], lines: list[Line], margin: int) -> Picture:
    """Return all of it, in the order in which it is read: by columns, downwards."""
    placed = [*boxes, *(line.label for line in lines)]
    return Picture(
        width=max((one.x + one.width for one in placed), default=0) + margin,
        height=max((one.y + one.height for one in placed), default=0) + margin,
        boxes=tuple(sorted(boxes, key=lambda box: (box.x, box.y))),
        lines=tuple(sorted(lines, key=lambda line: (line.label.x, line.label.y))),
    )
