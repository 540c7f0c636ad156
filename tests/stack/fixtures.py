"""Fixtures that start real parts; a test that needs one names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stack.missing import MissingProgram
from tests.stack.postgresql import postgresql
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product on PostgreSQL, one for the session."""
    try:
        with Stack() as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database, one server for the session."""
    try:
        with postgresql() as url:
            yield url
    except MissingProgram as missing:
        pytest.skip(str(missing))
