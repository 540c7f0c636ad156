"""The header of an RPM package as its database stores it (RPM's file format V4)."""

from __future__ import annotations

import struct

from repositories.scanning.inventory.contents import Package
from repositories.scanning.inventory.readers.text import (
    decoded,
    licenses_of,
    value_of,
)

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
LICENSE, ARCH, SOURCE_RPM, MODULARITY = 1014, 1022, 1044, 5096

_INTRO = struct.Struct(">II")  # entries, bytes of data
_ENTRY = struct.Struct(">IIiI")  # tag, type, offset, count
_INT32, _STRING, _STRING_ARRAY, _I18N_STRING = 4, 6, 8, 9
_TEXTS = {_STRING, _STRING_ARRAY, _I18N_STRING}
_WANTED = {NAME, VERSION, RELEASE, EPOCH, LICENSE, ARCH, SOURCE_RPM, MODULARITY}
_MAX_ENTRIES = 65_536
_MAX_TEXT = 4_096
_NO_PACKAGES = {"", "gpg-pubkey"}


class BrokenDatabase(ValueError):
    """The bytes are no database, or no header in one."""


def read_package(header: bytes) -> Package | None:
    """Read a header; None for a key, which is stored like a package.

    Raises BrokenDatabase.
    """
    tags = _tags(header)
    name, version = tags.get(NAME, ""), tags.get(VERSION, "")
    if name in _NO_PACKAGES:
        return None
    release = tags.get(RELEASE, "")
    epoch, module = tags.get(EPOCH, "0"), tags.get(MODULARITY, "")
    qualifiers = {
        "arch": tags.get(ARCH, ""),
        "epoch": "" if epoch == "0" else epoch,
        "upstream": tags.get(SOURCE_RPM, ""),
        "rpmmod": module,
    }
    return Package(
        "rpm",
        name,
        f"{version}-{release}" if release else version,
        qualifiers=tuple(pair for pair in qualifiers.items() if pair[1]),
        licenses=licenses_of([tags.get(LICENSE, "")]),
    )


def _tags(header: bytes) -> dict[int, str]:
    """Return the wanted tags as text; of a repeated one, the first counts."""
    if len(header) < _INTRO.size:
        raise BrokenDatabase
    count, size = _INTRO.unpack_from(header)
    start = _INTRO.size + count * _ENTRY.size
    if count > _MAX_ENTRIES or start + size > len(header):
        raise BrokenDatabase
    data = memoryview(header)[start : start + size]
    found: dict[int, str] = {}
    for at in range(_INTRO.size, start, _ENTRY.size):
        tag, kind, offset, _ = _ENTRY.unpack_from(header, at)
        if tag in _WANTED and tag not in found:
            found[tag] = _value(data, kind, offset)
    return found


def _value(data: memoryview, kind: int, offset: int) -> str:
    if not 0 <= offset < len(data):
        raise BrokenDatabase
    if kind == _INT32 and offset + 4 <= len(data):
        return str(int.from_bytes(data[offset : offset + 4], "big"))
    if kind not in _TEXTS:
        raise BrokenDatabase
    text = bytes(data[offset : offset + _MAX_TEXT]).partition(b"\0")[0]
    return value_of(decoded(text))
