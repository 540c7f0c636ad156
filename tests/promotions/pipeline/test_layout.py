"""Laws of the layout: nothing overlaps, arrows go right, the same is drawn alike."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from promotions.services.pipeline.layout import lay_out
from promotions.services.pipeline.shapes import Arc, Box, Line, Sizes


@st.composite
def graphs(draw):
    keys = [f"r{number}" for number in range(draw(st.integers(0, 14)))]
    if not keys:
        return keys, []
    ends = st.tuples(st.sampled_from(keys), st.sampled_from(keys))
    pairs = draw(st.lists(ends, max_size=25))
    return keys, [Arc(f"a{place}", *pair) for place, pair in enumerate(pairs)]


def overlap(one: Box, other: Box) -> bool:
    apart_across = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart_down = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (apart_across or apart_down)


def boxes_by_key(picture) -> dict[str, Box]:
    return {box.key: box for box in picture.boxes}


def lines_by_key(picture) -> dict[str, Line]:
    return {line.key: line for line in picture.lines}


@given(graphs())
def test_everything_is_drawn_once_and_nothing_overlaps(graph):
    keys, arcs = graph
    picture = lay_out(keys, arcs)
    assert sorted(box.key for box in picture.boxes) == sorted(keys)
    assert sorted(line.key for line in picture.lines) == sorted(arc.key for arc in arcs)
    placed = [*picture.boxes, *(line.label for line in picture.lines)]
    assert not [pair for pair in combinations(placed, 2) if overlap(*pair)]


@given(graphs())
def test_everything_lies_inside_the_picture(graph):
    picture = lay_out(*graph)
    placed = [*picture.boxes, *(line.label for line in picture.lines)]
    for box in placed:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height


@given(graphs())
def test_lines_go_right_except_back_ones(graph):
    picture = lay_out(*graph)
    for line in picture.lines:
        steps = list(pairwise(x for x, _ in line.points))
        if line.is_back:
            assert line.points[-1][0] <= line.points[0][0]
        else:
            assert all(x < to for x, to in steps)


@given(graphs())
def test_lines_start_and_end_at_their_boxes(graph):
    keys, arcs = graph
    picture = lay_out(keys, arcs)
    boxes, lines = boxes_by_key(picture), lines_by_key(picture)
    for arc in arcs:
        points = lines[arc.key].points
        for (x, y), box in (
            (points[0], boxes[arc.start]),
            (points[-1], boxes[arc.end]),
        ):
            assert x in {box.x, box.x + box.width}
            assert box.y <= y <= box.y + box.height


@given(graphs())
def test_lines_run_through_no_box(graph):
    picture = lay_out(*graph)
    for line in picture.lines:
        for (x, y), (to, height) in pairwise(sorted(line.points)):
            crossed = [
                box
                for box in picture.boxes
                if x < box.x + box.width and box.x < to and y == height
                if box.y < y < box.y + box.height
            ]
            assert not crossed


@given(graphs())
def test_the_same_graph_is_drawn_alike(graph):
    assert lay_out(*graph) == lay_out(*graph)


@given(graphs())
def test_without_a_loop_no_line_goes_back(graph):
    keys, arcs = graph
    forth = [arc for arc in arcs if keys.index(arc.start) < keys.index(arc.end)]
    assert not any(line.is_back for line in lay_out(keys, forth).lines)


def test_a_chain_stands_in_a_row():
    chain = [Arc("1", "dev", "qa"), Arc("2", "qa", "prod")]
    boxes = boxes_by_key(lay_out(["prod", "qa", "dev"], chain))
    assert boxes["dev"].x < boxes["qa"].x < boxes["prod"].x
    assert boxes["dev"].y == boxes["qa"].y == boxes["prod"].y


def test_parallel_chains_do_not_cross():
    names = [*"abcdef"]
    keys = [*(f"dev/{name}" for name in names), *(f"qa/{name}" for name in names[::-1])]
    picture = lay_out(keys, [Arc(name, f"dev/{name}", f"qa/{name}") for name in names])
    boxes = boxes_by_key(picture)
    assert all(boxes[f"dev/{name}"].y == boxes[f"qa/{name}"].y for name in names)


def test_a_loop_goes_back_once():
    arcs = [Arc("1", "dev", "qa"), Arc("2", "qa", "prod"), Arc("3", "prod", "dev")]
    lines = lines_by_key(lay_out(["dev", "qa", "prod"], arcs))
    assert [key for key, line in lines.items() if line.is_back] == ["3"]


def test_a_line_to_itself_comes_back_to_its_box():
    picture = lay_out(["dev"], [Arc("1", "dev", "dev")], Sizes())
    (box,), (line,) = picture.boxes, picture.lines
    assert line.points[0][0] == line.points[-1][0] == box.x + box.width
