"""The same story on the embedded default: SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import advisory, counted, findings, load, scan_of
from tests.e2e.test_story import promoted_from
from tests.images import layered
from tests.packages import Root, unpack_wheels, wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow


def test_a_stable_tag_reaches_qa_on_sqlite(
    sqlite_stack: Stack, new_image: Callable[..., Image]
) -> None:
    dana, quinn = Person(sqlite_stack, "dana"), Person(sqlite_stack, "quinn")
    image, beta = new_image(layers=10), new_image()
    assert dana.push(beta, "dev/website:1.1-beta") == ""
    assert dana.push(image, "dev/website:1.0-stable") == ""

    (promoted,) = wait_for(lambda: promoted_from(quinn, "1.0-stable"), patience=5)
    assert promoted["digest"] == image.digest
    assert promoted_from(quinn, "1.1-beta") == []


def test_with_nothing_configured_an_image_is_scanned_on_sqlite(
    sqlite_stack: Stack, root: Root, known: Path
) -> None:
    dana = Person(sqlite_stack, "dana")
    advisory(known, "CVE-2041-1", "PyPI", "embedded", fixed="2.0", score=5.3)
    load(sqlite_stack, known)
    unpack_wheels(root, wheel(known, "embedded", "1.0", "License: MIT"))
    image = layered(known / "image", root.layer())

    assert dana.push(image, "dev/website:1.2-beta") == ""
    scan = scan_of(sqlite_stack, image.digest)

    assert (scan["state"], scan["component_count"]) == ("completed", 1)
    assert findings(sqlite_stack, scan) == {("CVE-2041-1", "embedded")}
    assert counted(scan) == (0, 1, 0, 1)
