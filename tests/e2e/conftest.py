"""The cast of MSR's promotion page."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.people import Person
from tests.images import Image, make_image
from tests.packages import Root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stack.stack import Stack

SEEDS = count(1)


@pytest.fixture
def admin(stack: Stack) -> Person:
    """Administers the portal."""
    return Person(stack, "admin")


@pytest.fixture
def dana(stack: Stack) -> Person:
    """Develops: reads and writes in dev."""
    return Person(stack, "dana")


@pytest.fixture
def quinn(stack: Stack) -> Person:
    """Tests: reads in qa."""
    return Person(stack, "quinn")


@pytest.fixture
def anonymous(stack: Stack) -> Person:
    """Somebody without an account."""
    return Person(stack)


@pytest.fixture
def new_image(tmp_path: Path) -> Callable[..., Image]:
    """Return a maker of images nobody has pushed before."""

    def make(**kwargs: Any) -> Image:
        seed = next(SEEDS)
        return make_image(tmp_path / f"image-{seed}", seed=seed, **kwargs)

    return make


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """The file system of an image, empty as yet."""
    return Root(tmp_path / "root")


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A folder for the advisories that a test loads."""
    folder = tmp_path / "advisories"
    folder.mkdir()
    return folder
