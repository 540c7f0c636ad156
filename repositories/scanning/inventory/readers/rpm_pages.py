"""RPM's database as pages and blocks of a file: Berkeley DB, and NDB.

Berkeley DB is of RPM until 4.15 (RHEL 7 and 8, Amazon Linux 2), NDB is SUSE's.
Berkeley DB's hash access method, versions 8 to 10; NDB as RPM itself writes it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from repositories.scanning.inventory.readers.rpm_header import BrokenDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = 32  # bytes that tell the form
NDB_MAGIC = b"RpmP"

_MAX_HEADER = 32 * 1024 * 1024

_HASH_MAGIC = 0x00061561
_PAGE_HEADER = 26
_HASH_PAGES = {2, 13}
_OVERFLOW_PAGE = 7
_IN_PLACE, _OFF_PAGE = 1, 3
_PAGE_SIZES = range(512, 65_537)
_REFERENCE = 12  # bytes: type, page and length of a value that is elsewhere
_SMALLEST = 16  # bytes of a header; what is smaller counts packages

_NDB_PAGE, _NDB_BLOCK = 4_096, 16
_NDB_MAX_PAGES = 2_048
_SLOT, _BLOB = b"Slot", b"BlbS"


def ndb_headers(file: BinaryIO) -> Iterator[bytes]:
    """Yield the header of each package in an NDB file; raises BrokenDatabase."""
    _, version, _, pages = struct.unpack("<4sIII", _bytes_at(file, 0, 16))
    if version or not 0 < pages <= _NDB_MAX_PAGES:
        raise BrokenDatabase
    slots = _bytes_at(file, START, pages * _NDB_PAGE - START)
    for slot, index, block, count in struct.iter_unpack("<4sIII", slots):
        if slot != _SLOT:
            raise BrokenDatabase
        if block:
            yield _ndb_blob(file, index, block * _NDB_BLOCK, count * _NDB_BLOCK)


def _ndb_blob(file: BinaryIO, index: int, at: int, room: int) -> bytes:
    magic, of, _, length = struct.unpack("<4sIII", _bytes_at(file, at, 16))
    if magic != _BLOB or of != index or length > room:
        raise BrokenDatabase
    return _bytes_at(file, at + 16, length)


def berkeley_headers(file: BinaryIO, is_late: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the header of each package in a hash file; raises BrokenDatabase."""
    start = _bytes_at(file, 0, START)
    for order in "<>":
        magic, _, page_size = struct.unpack_from(f"{order}III", start, 12)
        if magic == _HASH_MAGIC and page_size in _PAGE_SIZES:
            yield from _HashFile(file, order, page_size, is_late).headers()
            return
    raise BrokenDatabase


@dataclass(slots=True)
class _HashFile:
    """A file of pages, some of which hold keys and values in turn."""

    file: BinaryIO
    order: str
    page_size: int
    is_late: Callable[[], bool]
    _read: int = 0  # pages of long values, which no two values share

    def headers(self) -> Iterator[bytes]:
        for number in range(1, self._count()):
            if self.is_late():
                raise BrokenDatabase
            page = self._page(number)
            if page[25] in _HASH_PAGES:
                yield from self._values(page)

    def _count(self) -> int:
        return self.file.seek(0, 2) // self.page_size

    def _page(self, number: int) -> bytes:
        return _bytes_at(self.file, number * self.page_size, self.page_size)

    def _values(self, page: bytes) -> Iterator[bytes]:
        (count,) = struct.unpack_from(f"{self.order}H", page, 20)
        if _PAGE_HEADER + 2 * count > len(page):
            raise BrokenDatabase
        places = struct.unpack_from(f"{self.order}{count}H", page, _PAGE_HEADER)
        for key_at, value_at in zip(places[::2], places[1::2], strict=False):
            item = page[value_at:key_at]  # values lie before their keys
            if item[:1] == bytes([_OFF_PAGE]):
                yield self._long_value(item)
            elif item[:1] == bytes([_IN_PLACE]) and len(item) > _SMALLEST:
                yield item[1:]

    def _long_value(self, item: bytes) -> bytes:
        if len(item) < _REFERENCE:
            raise BrokenDatabase
        number, length = struct.unpack_from(f"{self.order}II", item, 4)
        if length > _MAX_HEADER:
            raise BrokenDatabase
        found = bytearray()
        while number and len(found) < length:
            number = self._append(found, number)
        if len(found) != length:
            raise BrokenDatabase
        return bytes(found)

    def _append(self, found: bytearray, number: int) -> int:
        """Add what one page holds of a long value; return the next page."""
        self._read += 1
        page = self._page(number)
        following, _, used = struct.unpack_from(f"{self.order}IHH", page, 16)
        if page[25] != _OVERFLOW_PAGE or self._read > self._count():
            raise BrokenDatabase
        found += page[_PAGE_HEADER : _PAGE_HEADER + used]
        return int(following)


def _bytes_at(file: BinaryIO, at: int, count: int) -> bytes:
    """Return exactly so many bytes; raises BrokenDatabase."""
    if count > _MAX_HEADER:
        raise BrokenDatabase
    file.seek(at)
    found = file.read(count)
    if len(found) != count:
        raise BrokenDatabase
    return found
