"""Layers on layers, against a file system of nested dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repositories.scanning.inventory.tree import Tree
from tests.repositories.scanning.inventory.layers import (
    FOLDER,
    STATUS,
    Content,
    Link,
    contents,
    dpkg,
    found,
    metadata,
)

INTERESTING = ("p.egg-info", "q.egg-info")


@dataclass(frozen=True)
class Leaf:
    layer: int
    target: str = ""


class Naive:
    """Applies entries in their order, as a runtime does on a disk."""

    def __init__(self):
        self.root = {}

    def apply(self, layer, files):
        for path, content in files.items():
            *folders, name = path.split("/")
            here = self._open(folders)
            if name == ".wh..wh..opq":
                prune(here, layer)
            elif name.startswith(".wh."):
                if prune({name[4:]: here.get(name[4:], {})}, layer) is None:
                    here.pop(name[4:], None)
            elif content is FOLDER:
                if not isinstance(here.get(name), dict):
                    here[name] = {}
            else:
                target = content.target if isinstance(content, Link) else ""
                here[name] = Leaf(layer, target)

    def _open(self, folders):
        here = self.root
        for at, name in enumerate(folders):
            node = here.get(name)
            if isinstance(node, Leaf) and node.target:
                return self._open([node.target, *folders[at + 1 :]])
            if not isinstance(node, dict):
                here[name] = {}
            here = here[name]
        return here

    def interesting(self):
        return dict(leaves(self.root, ""))


def prune(folder, layer):
    """Take away what lower layers left; None where the name itself is to go."""
    for name, node in list(folder.items()):
        if isinstance(node, dict):
            prune(node, layer)
        elif node.layer < layer:
            del folder[name]
    return folder or None


def leaves(folder, path):
    for name, node in folder.items():
        if isinstance(node, dict):
            yield from leaves(node, f"{path}{name}/")
        elif name in INTERESTING:
            yield f"{path}{name}", node.layer


@st.composite
def layers(draw, *, links=False):
    """Layers as archives: folders before what they hold, or not at all."""
    made: dict[str, Content] = {}
    fill = partial(fill_folder, draw, made, explicit=draw(st.booleans()))
    if links:
        kind = draw(st.sampled_from(["none", "link", "folder", "through"]))
        special: dict[str, Content] = {"link": Link("d"), "folder": FOLDER}
        made.update({"l": special[kind]} if kind in special else {})
        fill("l/" if kind in {"folder", "through"} else "d/")
    fill("")
    return made


def fill_folder(draw, made, path, *, explicit):
    for name in draw(st.sets(st.sampled_from(["a", "b", *INTERESTING]), max_size=3)):
        here = f"{path}{name}"
        kind = draw(st.sampled_from(["folder", "folder", "file", "whiteout"]))
        if kind == "whiteout":
            made[f"{path}.wh.{name}"] = b""
        elif kind == "folder" and path.count("/") < 3:
            made.update({here: FOLDER} if explicit else {})
            fill_folder(draw, made, f"{here}/", explicit=explicit)
        else:
            made[here] = metadata("a", "1") if name in INTERESTING else "text"
    if path and draw(st.integers(0, 5)) == 0:
        made[f"{path}.wh..wh..opq"] = b""


def agree(image):
    naive, tree = Naive(), Tree()
    for at, files in enumerate(image):
        naive.apply(at, files)
        tree.apply(str(at), contents(files))
    ours = {path: int(held.place.layer) for path, held in tree.files.items()}
    assert ours == naive.interesting()


@settings(max_examples=150)
@given(st.lists(layers(), min_size=1, max_size=4))
def test_an_image_holds_what_a_disk_would(image):
    agree(image)


@settings(max_examples=100)
@given(st.lists(layers(links=True), min_size=1, max_size=4))
def test_links_to_folders_are_followed_as_on_a_disk(image):
    agree(image)


def packages(*image):
    return {purl.rpartition("/")[2] for purl in found(*image)}


LOWER: dict[str, Content] = {
    "app/a.egg-info": metadata("a", "1"),
    "app/sub/b.egg-info": metadata("b", "1"),
    "c.egg-info": metadata("c", "1"),
}


@pytest.mark.parametrize(
    ("upper", "left"),
    [
        ({"app/.wh.a.egg-info": b""}, {"b@1", "c@1"}),
        ({".wh.app": b""}, {"c@1"}),
        ({"app/.wh..wh..opq": b""}, {"c@1"}),
        ({".wh..wh..opq": b""}, set()),
        ({"app": "a file"}, {"c@1"}),
        ({"app": Link("elsewhere")}, {"c@1"}),
        ({"app/a.egg-info": FOLDER}, {"b@1", "c@1"}),
        ({"app/a.egg-info": Link("/elsewhere")}, {"b@1", "c@1"}),
        ({"app": FOLDER}, {"a@1", "b@1", "c@1"}),
        ({".wh..wh.plnk": b"", ".wh.ap": b""}, {"a@1", "b@1", "c@1"}),
        (
            {"app/.wh..wh..opq": b"", "app/d.egg-info": metadata("d", "1")},
            {"c@1", "d@1"},
        ),
        ({"app/d.egg-info": metadata("d", "1"), ".wh.app": b""}, {"c@1", "d@1"}),
    ],
)
def test_upper_layers_take_away_and_replace(upper, left):
    assert packages(LOWER, upper) == left


def test_an_upper_status_replaces_the_lower():
    lower, upper = dpkg(("gone", "1"), ("kept", "1")), dpkg(("kept", "1"))

    assert packages({STATUS: lower}, {STATUS: upper}) == {"kept@1"}


def test_what_was_removed_and_came_again_is_of_the_layer_that_brought_it_again():
    path = "app/a.egg-info"
    image: list[dict[str, Content]] = [
        LOWER,
        {"app/.wh.a.egg-info": b""},
        {path: metadata("a", "1")},
    ]

    assert found(*image)["pkg:pypi/a@1"].places[0].layer == "layer-2"


def test_a_folder_in_place_of_a_link_leaves_alone_what_the_link_led_to():
    """Else a layer could hide packages that are still there."""
    deep = "srv/a/b/c.d"
    lower: dict[str, Content] = {
        "d/a/x.egg-info": metadata("x", "1"),
        "l": Link("d"),
        deep: Link("/d"),
    }
    upper: dict[str, Content] = {"l": FOLDER, "l/a": "text", deep: FOLDER}
    upper |= {f"{deep}/a": "text"}

    assert packages(lower, upper) == {"x@1"}
