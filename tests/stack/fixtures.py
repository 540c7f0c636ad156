"""Fixtures that start real parts; a test that needs one names it."""

from __future__ import annotations

from contextlib import contextmanager
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
    with _started(Stack()) as started:
        yield started


@pytest.fixture(scope="session")
def sqlite_stack() -> Iterator[Stack]:
    """The whole product on the embedded default, SQLite; one for the session."""
    with _started(Stack(database="sqlite")) as started:
        yield started


@contextmanager
def _started(stack: Stack) -> Iterator[Stack]:
    try:
        with stack as started:
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
