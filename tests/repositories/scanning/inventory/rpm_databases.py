"""RPM's database, written for tests in its three forms."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
LICENSE, ARCH, SOURCE_RPM = 1014, 1022, 1044
PAGE = 4096


def header(tags: dict[int, str | int], padding: int = 0) -> bytes:
    """Return a header with a region tag first, as RPM writes it."""
    entries, data = [struct.pack(">IIiI", 63, 7, 0, 16)], b"\0" * 16
    for tag, value in tags.items():
        data += bytes(-len(data) % 4)
        kind = 4 if isinstance(value, int) else 6
        entries.append(struct.pack(">IIiI", tag, kind, len(data), 1))
        data += value.to_bytes(4, "big") if isinstance(value, int) else value.encode()
        data += b"\0"
    data += bytes(padding)
    return struct.pack(">II", len(entries), len(data)) + b"".join(entries) + data


def package(name: str, version: str, *, epoch: int = 0, padding: int = 0) -> bytes:
    """Return the header of a package."""
    tags: dict[int, str | int] = {
        NAME: name,
        VERSION: version,
        RELEASE: "3.el9",
        LICENSE: "GPLv2+ and MIT",
        ARCH: "x86_64",
        SOURCE_RPM: f"{name}-src-{version}-3.el9.src.rpm",
    }
    return header(tags | ({EPOCH: epoch} if epoch else {}), padding)


def sqlite(path: Path, headers: Sequence[object], *schema: str) -> bytes:
    """Return an rpmdb.sqlite, made at a path."""
    create = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)"
    with closing(sqlite3.connect(path)) as database, database:
        for statement in schema or (create,):
            database.execute(statement)
        for each in headers:
            database.execute("INSERT INTO Packages (blob) VALUES (?)", [each])
    return path.read_bytes()


def ndb(headers: Sequence[bytes]) -> bytes:
    """Return a Packages.db with one page of slots."""
    slots, blobs = [], b""
    for index, blob in enumerate(headers, 1):
        block = (PAGE + len(blobs)) // 16
        blobs += struct.pack("<4sIII", b"BlbS", index, 7, len(blob)) + blob
        blobs += struct.pack("<II4s", 0, len(blob), b"BlbE")
        blobs += bytes(-len(blobs) % 16)
        count = (PAGE + len(blobs)) // 16 - block
        slots.append(struct.pack("<4sIII", b"Slot", index, block, count))
    free = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += [free] * (PAGE // 16 - 2 - len(slots))
    start = struct.pack("<4sIII", b"RpmP", 0, 1, 1) + bytes(16)
    return start + b"".join(slots) + blobs


def berkeley(headers: Sequence[bytes], order: str = "<") -> bytes:
    """Return a Packages in Berkeley DB's hash form; long values on their own pages."""
    chains: list[bytes] = []
    items = [(b"\1" + bytes(4), b"\1" + bytes(4))]  # the number of the next package
    for index, blob in enumerate(headers, 1):
        value = b"\1" + blob
        if len(blob) > 600:
            first = 2 + len(chains)
            value = struct.pack(f"{order}B3xII", 3, first, len(blob))
            chains += _chain(blob, first, order)
        items.append((struct.pack(f"{order}BI", 1, index), value))
    pages = [_meta(2 + len(chains), order), _hash_page(items, order), *chains]
    return b"".join(pages)


def _meta(count: int, order: str) -> bytes:
    fields = struct.pack(f"{order}8xIIIIBBBxII", 0, 0x61561, 9, PAGE, 0, 8, 0, 0, count)
    return fields + bytes(PAGE - len(fields))


def _hash_page(items: Sequence[tuple[bytes, bytes]], order: str) -> bytes:
    page, end, places = bytearray(PAGE), PAGE, []
    for part in (part for item in items for part in item):
        end -= len(part)
        page[end : end + len(part)] = part
        places.append(end)
    top = struct.pack(f"{order}8xIIIHHBB", 1, 0, 0, len(places), end, 1, 13)
    top += struct.pack(f"{order}{len(places)}H", *places)
    page[: len(top)] = top
    return bytes(page)


def _chain(blob: bytes, first: int, order: str) -> list[bytes]:
    room = PAGE - 26
    parts = [blob[at : at + room] for at in range(0, len(blob), room)]
    pages = []
    for at, part in enumerate(parts):
        following = first + at + 1 if at + 1 < len(parts) else 0
        top = struct.pack(
            f"{order}8xIIIHHBB", first + at, 0, following, 1, len(part), 0, 7
        )
        pages.append((top + part).ljust(PAGE, b"\0"))
    return pages
