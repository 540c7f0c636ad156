"""Scans decide what is promoted: found or missing, now or when more becomes known."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.backstage import is_at_rest, make_repositories
from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import (
    advisory,
    decision,
    failing,
    load,
    lose,
    scan_of,
    scans,
    sightings,
)
from tests.e2e.test_chains import add_policy
from tests.images import indexed, layered
from tests.packages import (
    Root,
    install_apks,
    npm_package,
    unpack_npm_package,
    unpack_wheels,
    wheel,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.images import Image, Layer
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

RULES = [
    {"field": "vulnerability_critical", "operator": "eq", "values": ["0"]},
    {"field": "license.name", "operator": "noo", "values": ["GPL-3.0-only"]},
    {"field": "component.name", "operator": "noo", "values": ["log4j-core"]},
]


@pytest.fixture
def ends(stack: Stack, admin: Person) -> tuple[str, str]:
    """A repository, and where the policy's images go from there."""
    mark = uuid4().hex[:8]
    source, target = f"dev-{mark}/shop", f"prod-{mark}/shop"
    make_repositories(stack, {source: "dana", target: "dana"})
    added = add_policy(admin, source, target, rules=RULES)
    assert added.status_code == 201, added.text
    return source, target


def promoted(person: Person, target: str) -> dict[str, str]:
    """Return the digests that are in a repository, by their tags."""
    return {one["name"]: one["digest"] for one in person.tags(target)}


def python_layer(folder: Path, name: str, license_name: str, version: str) -> Layer:
    """Make a layer with one Python package."""
    root = Root(folder / f"root-{name}-{version}")
    unpack_wheels(root, wheel(folder, name, version, f"License: {license_name}"))
    return root.layer()


def python_image(folder: Path, name: str, license_name: str, version: str) -> Image:
    """Write an image with one Python package."""
    layer = python_layer(folder, name, license_name, version)
    return layered(folder / f"image-{name}", layer)


def node_image(folder: Path, name: str) -> Image:
    """Write an image with one package of npm's."""
    root = Root(folder / f"root-{name}")
    package = npm_package(folder, name, "2.14.1", license="Apache-2.0")
    unpack_npm_package(root, package, "app")
    return layered(folder / f"image-{name}", root.layer())


def alpine_image(folder: Path, release: str, name: str) -> tuple[Image, Layer]:
    """Write an image of an Alpine release with one package, version 1.0-r0."""
    root = Root(folder / f"root-{name}")
    root.write("etc/os-release", f"ID=alpine\nVERSION_ID={release}.1\n")
    install_apks(root, {"P": name, "V": "1.0-r0", "L": "MIT", "o": name})
    layer = root.layer()
    return layered(folder / f"image-{name}", layer), layer


def test_the_clean_image_is_promoted_and_the_others_are_told_why_not(
    stack: Stack, dana: Person, ends: tuple[str, str], known: Path
) -> None:
    source, target = ends
    advisory(known, "CVE-2035-1", "PyPI", "leaky", fixed="2.0")
    advisory(known, "CVE-2035-2", "PyPI", "tight", fixed="1.0")
    advisory(known, "CVE-2035-3", "npm", "unheard-of", fixed="1.0")
    load(stack, known)
    images = {
        "clean": python_image(known, "tight", "MIT", "1.0"),
        "leaky": python_image(known, "leaky", "MIT", "1.9"),
        "copyleft": python_image(known, "copyleft", "GPL-3.0-only", "1.0"),
        "logging": node_image(known, "log4j-core"),
    }

    for tag, image in images.items():
        assert dana.push(image, f"{source}:{tag}") == ""
    refused = {
        tag: failing(decision(dana, source, tag, "not_matched"))
        for tag in ("leaky", "copyleft", "logging")
    }

    assert refused["leaky"].keys() == {"vulnerability_critical"}
    assert "1 (CVE-2035-1 in leaky 1.9" in refused["leaky"]["vulnerability_critical"]
    assert refused["copyleft"].keys() == {"license.name"}
    assert "GPL-3.0-only of copyleft" in refused["copyleft"]["license.name"]
    assert refused["logging"].keys() == {"component.name"}
    assert "log4j-core" in refused["logging"]["component.name"]
    wait_for(lambda: promoted(dana, target))
    wait_for(lambda: is_at_rest(stack))
    assert promoted(dana, target) == {"clean": images["clean"].digest}


def test_an_image_waits_for_advisories_and_is_promoted_when_they_are_loaded(
    stack: Stack, dana: Person, ends: tuple[str, str], known: Path
) -> None:
    source, target = ends
    image, layer = alpine_image(known, "3.16", "waiting")
    assert dana.push(image, f"{source}:1.0") == ""
    assert scan_of(stack, image.digest)["component_count"] == 1

    (sentence,) = decision(dana, source, "1.0", "waiting")["waitsFor"]
    assert "no advisories for Alpine 3.16 are loaded" in sentence
    assert "load_advisories" in sentence
    assert promoted(dana, target) == {}
    lose(stack, layer)
    advisory(known, "CVE-2036-1", "Alpine:v3.16", "waiting", fixed="1.0-r0")
    load(stack, known)

    wait_for(lambda: promoted(dana, target))
    assert promoted(dana, target) == {"1.0": image.digest}
    (scan,) = scans(stack, image.digest)
    assert (scan["attempts"], scan["revision"]) == (1, 1), "matched again, not scanned"


def test_advisories_that_are_new_or_change_decide_anew(
    stack: Stack, dana: Person, ends: tuple[str, str], known: Path
) -> None:
    source, target = ends
    image, layer = alpine_image(known, "3.15", "later")
    assert dana.push(image, f"{source}:1.0") == ""
    scan_of(stack, image.digest)
    decision(dana, source, "1.0", "waiting")
    lose(stack, layer)

    advisory(known, "CVE-2037-1", "Alpine:v3.15", "later", fixed="1.0-r1")
    load(stack, known)
    refused = failing(decision(dana, source, "1.0", "not_matched"))
    assert "CVE-2037-1" in refused["vulnerability_critical"]
    wait_for(lambda: is_at_rest(stack))
    assert promoted(dana, target) == {}
    advisory(known, "CVE-2037-1", "Alpine:v3.15", "later", fixed="1.0-r0")
    load(stack, known)

    wait_for(lambda: promoted(dana, target))
    assert promoted(dana, target) == {"1.0": image.digest}


def test_a_promoted_image_takes_its_results_along_and_no_layer_is_read_twice(
    stack: Stack, dana: Person, ends: tuple[str, str], root: Root, known: Path
) -> None:
    source, target = ends
    advisory(known, "CVE-2038-1", "PyPI", "unheard-of", fixed="2.0")
    load(stack, known)
    unpack_wheels(root, wheel(known, "base", "1.0", "License: MIT"))
    image = layered(known / "image", layer := root.layer())
    assert dana.push(image, f"{source}:1.0") == ""
    wait_for(lambda: promoted(dana, target))

    decided = decision(dana, source, "1.0", "matched")
    make_repositories(stack, {f"{target}-on": "dana"})
    assert add_policy(dana, target, f"{target}-on", rules=RULES).ok
    (at_once,) = dana.get(f"/repositories/{target}/tags/1.0/decisions")
    assert at_once["verdict"] == "matched", "its results came along"
    assert at_once["outcomes"] == decided["outcomes"]
    wait_for(lambda: is_at_rest(stack))
    (scan,) = scans(stack, image.digest)
    assert (scan["state"], scan["attempts"]) == ("completed", 1)

    lose(stack, layer)
    unpack_wheels(root, wheel(known, "more", "1.0", "License: MIT"))
    second = layered(known / "second", layer, root.layer())
    assert dana.push(second, f"{source}:2.0") == ""
    found = sightings(stack, scan_of(stack, second.digest))
    assert found.keys() == {"pkg:pypi/base@1.0", "pkg:pypi/more@1.0"}


def test_an_index_is_refused_for_the_platform_that_is_not_clean(
    stack: Stack, dana: Person, ends: tuple[str, str], known: Path
) -> None:
    source, target = ends
    advisory(known, "CVE-2040-1", "PyPI", "portable", fixed="2.0")
    load(stack, known)
    old, new = (python_layer(known, "portable", "MIT", one) for one in ("1.0", "2.0"))
    mixed = indexed(known / "mixed", amd64=[new], arm64=[new, old])
    clean = indexed(known / "clean", amd64=[new], arm64=[new])

    assert dana.push(mixed, f"{source}:mixed") == ""
    assert dana.push(clean, f"{source}:clean") == ""

    (outcome, *_) = decision(dana, source, "mixed", "not_matched")["outcomes"]
    assert outcome["platform"] == "linux/arm64"
    assert "CVE-2040-1 in portable 1.0" in outcome["sentence"]
    wait_for(lambda: promoted(dana, target))
    wait_for(lambda: is_at_rest(stack))
    assert promoted(dana, target) == {"clean": clean.digest}
