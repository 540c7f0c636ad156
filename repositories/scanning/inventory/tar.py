"""Archives of layers, entry by entry, as container runtimes read them.

Not the standard library's tarfile: it reads extended headers of any size into memory,
recurses on chains of them, keeps every member, and reads some headers (names of the
old GNU format, global headers) otherwise than the runtimes, so that an archive could
show it other files than it shows them. Formats: POSIX.1-2017, pax; GNU tar manual,
"Basic Tar Format" and "Storing Sparse Files".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from repositories.scanning.inventory.limits import UnreadableLayer
from repositories.scanning.inventory.source import BLOCK, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from repositories.scanning.inventory.limits import Meter

_BROKEN = "The layer's archive has a malformed header."
_SIZE_DIGITS = 20
_EMPTY = bytes(BLOCK)
_WANTED = {"path", "linkpath", "size"}
_SPARSE = "GNU.sparse."


class Kind(Enum):
    """What an entry makes."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    HARD_LINK = "hard link"
    DEVICE = "device"


_KINDS = {
    b"\0": Kind.FILE,
    b"0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARD_LINK,
    b"2": Kind.LINK,
    b"3": Kind.DEVICE,
    b"4": Kind.DEVICE,
    b"5": Kind.FOLDER,
    b"6": Kind.DEVICE,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One member; `size` is what the archive stores of it, without holes."""

    name: str
    kind: Kind
    size: int = 0
    target: str = ""
    sparse: bool = False


@dataclass(slots=True)
class _Extension:
    """What headers before the proper one say of it."""

    records: Mapping[str, str]
    long_name: str = ""
    long_target: str = ""

    @property
    def is_sparse(self) -> bool:
        """Whether it is of a sparse file, in a version that the runtimes know."""
        found = self.records
        if not found:
            return False
        version = (found.get(f"{_SPARSE}major", ""), found.get(f"{_SPARSE}minor", ""))
        if version != ("", ""):
            return version in {("0", "0"), ("0", "1"), ("1", "0")}
        return bool(found.get(f"{_SPARSE}map") or f"{_SPARSE}offset" in found)


def entries(source: Source, meter: Meter) -> Iterator[Entry]:
    """Yield the entries; between two of them the content may be read from the source.

    The archive ends with two empty blocks or where the source ends; the rest of the
    source is read and thrown away. Raises UnreadableLayer.
    """
    extension = _Extension({})
    while (header := _header(source)) is not None:
        meter.entry()
        flag = header[156:157]
        if flag in b"xgLK":
            _extend(extension, flag, _extra(source, header, meter))
            continue
        entry = _entry(header, extension, source, meter)
        source.begin(entry.size)
        yield entry
        source.finish()
        extension = _Extension({})
    source.drain()


def _header(source: Source) -> bytes | None:
    block = source.block()
    if block is None:
        return None
    if block == _EMPTY:
        if source.block() not in {None, _EMPTY}:
            raise UnreadableLayer(_BROKEN)
        return None
    if not _is_sound(block):
        raise UnreadableLayer(_BROKEN)
    return block


def _is_sound(block: bytes) -> bool:
    """Tell whether a header has the sum that it states."""
    counted = block[:148] + b" " * 8 + block[156:]
    difference = sum(counted) - _number(block[148:156])
    if difference == 0:
        return True
    # Some old programs took the bytes for signed ones.
    return difference == sum(byte & 0x80 for byte in counted) * 2


def _extra(source: Source, header: bytes, meter: Meter) -> bytes:
    """Return the content of a header that extends the next."""
    size = _size(_number(header[124:136]))
    if size > meter.limits.header_bytes:
        raise UnreadableLayer("The layer's archive has an oversized extended header.")
    source.begin(size)
    content = b"".join(source.content())
    source.finish()
    return content


def _extend(extension: _Extension, flag: bytes, content: bytes) -> None:
    if flag == b"x":
        extension.records = _pax_records(content)
    elif flag == b"L":
        extension.long_name = _text(content)
    elif flag == b"K":
        extension.long_target = _text(content)
    # Global headers say nothing of entries to the runtimes.


def _pax_records(content: bytes) -> dict[str, str]:
    records = {}
    while content:
        digits, space, _ = content[:_SIZE_DIGITS].partition(b" ")
        if not space or not digits.isdigit():
            raise UnreadableLayer(_BROKEN)
        length = int(digits)
        if length > len(content):
            raise UnreadableLayer(_BROKEN)
        record, content = content[len(digits) + 1 : length], content[length:]
        key, equals, value = record[:-1].decode(errors="replace").partition("=")
        if record[-1:] != b"\n" or not equals or not key:
            raise UnreadableLayer(_BROKEN)
        if key in _WANTED or key.startswith(_SPARSE):
            records[key] = value
    return records


def _entry(header: bytes, extension: _Extension, source: Source, meter: Meter) -> Entry:
    flag = header[156:157]
    name = _name(header, extension)
    kind = _KINDS.get(flag)
    if kind is None:
        raise UnreadableLayer("The layer's archive has an entry of an unknown kind.")
    if flag == b"\0" and name.endswith("/"):
        kind = Kind.FOLDER
    size = _size(_pax_number(extension, "size", _number(header[124:136])))
    sparse = flag == b"S" or extension.is_sparse
    if kind is not Kind.FILE:
        size = 0
    elif sparse:
        meter.unpacked(max(_real_size(header, extension, source) - size, 0))
    target = extension.long_target or extension.records.get("linkpath", "")
    return Entry(name, kind, size, target or _text(header[157:257]), sparse)


def _name(header: bytes, extension: _Extension) -> str:
    sparse = extension.is_sparse and extension.records.get(f"{_SPARSE}name", "")
    name = sparse or extension.long_name or extension.records.get("path", "")
    if name:
        return name
    name = _text(header[:100])
    if header[257:263] != b"ustar\0":  # GNU keeps times where POSIX has a prefix
        return name
    prefix = _text(header[345:476] if header[508:] == b"tar\0" else header[345:500])
    return f"{prefix}/{name}" if prefix else name


def _real_size(header: bytes, extension: _Extension, source: Source) -> int:
    """Return the size with holes; reads the rest of an old GNU header."""
    if header[156:157] != b"S":
        size = _pax_number(extension, "GNU.sparse.realsize", 0)
        return _size(_pax_number(extension, "GNU.sparse.size", size))
    extended = header[482]
    while extended:
        block = source.block()
        if block is None:
            raise UnreadableLayer(_BROKEN)
        extended = block[504]
    return _size(_number(header[483:495]))


def _pax_number(extension: _Extension, key: str, otherwise: int) -> int:
    text = extension.records.get(key, "")
    if not text:
        return otherwise
    if len(text) > _SIZE_DIGITS or not text.isascii() or not text.isdigit():
        raise UnreadableLayer(_BROKEN)
    return int(text)


def _size(number: int) -> int:
    if not 0 <= number < 1 << 63:
        raise UnreadableLayer("The layer's archive has an entry of an impossible size.")
    return number


def _number(field: bytes) -> int:
    """Read an octal number, or a binary one as GNU writes large ones."""
    if field[0] & 0x80:
        # Two's complement; the topmost bit only marks the format.
        bits = len(field) * 8 - 1
        number = int.from_bytes(field, "big") & ((1 << bits) - 1)
        return number - (1 << bits) if field[0] & 0x40 else number
    digits = field.strip(b" \0").partition(b"\0")[0]
    if digits.strip(b"01234567"):
        raise UnreadableLayer(_BROKEN)
    return int(digits, 8) if digits else 0


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")
