"""The same story on the embedded default: SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.people import Person, wait_for
from tests.e2e.test_story import promoted_from

if TYPE_CHECKING:
    from collections.abc import Callable

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
