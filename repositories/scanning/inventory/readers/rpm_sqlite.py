"""RPM's database in the form SQLite (RPM 4.16 and later: Fedora, RHEL 9)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from repositories.scanning.inventory.readers.rpm_header import BrokenDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAGIC = b"SQLite format 3\0"

_MAX_BLOB = 32 * 1024 * 1024
_MAX_SQL = 10_000
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_QUERY = "SELECT blob FROM Packages"
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}


def headers(copy: Path, is_late: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the header of each package; raises BrokenDatabase."""
    # Immutable: no journal beside it is looked for, and nothing is written.
    address = f"{copy.as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            _restrict(database, is_late)
            for (blob,) in database.execute(_QUERY):
                if not isinstance(blob, bytes):
                    raise BrokenDatabase
                yield blob
    except sqlite3.Error:
        raise BrokenDatabase from None


def _restrict(database: sqlite3.Connection, is_late: Callable[[], bool]) -> None:
    """Let a database that strangers wrote do nothing but show a table of its own."""
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_BLOB)
    database.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MAX_SQL)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON"):
        database.execute(f"PRAGMA {pragma}")
    database.set_progress_handler(is_late, _STEPS)
    database.set_authorizer(_authorized)


def _authorized(
    action: int, table: str | None, _column: str | None, _database: str | None,
    view: str | None,
) -> int:  # fmt: skip
    """Allow to read the table; not through a view, and no function."""
    if action not in _ALLOWED or view is not None:
        return sqlite3.SQLITE_DENY
    is_ours = action == sqlite3.SQLITE_SELECT or table == "Packages"
    return sqlite3.SQLITE_OK if is_ours else sqlite3.SQLITE_DENY
