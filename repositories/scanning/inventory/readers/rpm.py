"""RPM's database of installed packages, in each of its forms."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers import rpm_pages, rpm_sqlite
from repositories.scanning.inventory.readers.rpm_header import (
    BrokenDatabase,
    read_package,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATABASE = "rpm"
_BROKEN = "it is damaged, or no database of RPM"


def read_database(
    pieces: Iterator[bytes], is_late: Callable[[], bool], max_packages: int
) -> FoundFile:
    """Read a database from a temporary copy; what cannot be read is its problem."""
    with tempfile.TemporaryDirectory(prefix="rpmdb-") as folder:
        copy = Path(folder) / "database"
        with copy.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        try:
            packages = tuple(_packages(copy, is_late, max_packages))
        except BrokenDatabase:
            return FoundFile(DATABASE, problem=_BROKEN)
    return FoundFile(DATABASE, packages)


def _packages(
    copy: Path, is_late: Callable[[], bool], max_packages: int
) -> Iterator[Package]:
    for count, header in enumerate(_headers(copy, is_late)):
        if count > max_packages or is_late():
            raise BrokenDatabase
        if package := read_package(header):
            yield package


def _headers(copy: Path, is_late: Callable[[], bool]) -> Iterator[bytes]:
    with copy.open("rb") as file:
        start = file.read(rpm_pages.START)
        if start.startswith(rpm_sqlite.MAGIC):
            yield from rpm_sqlite.headers(copy, is_late)
        elif start.startswith(rpm_pages.NDB_MAGIC):
            yield from rpm_pages.ndb_headers(file)
        else:
            yield from rpm_pages.berkeley_headers(file, is_late)
