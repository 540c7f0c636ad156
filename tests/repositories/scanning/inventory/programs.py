"""Programs made for tests: the headers that are looked at, and Go's information."""

from __future__ import annotations

import struct


def elf(
    body: bytes = b"", *, kind: int = 2, loader: bool = False, is_64: bool = True
) -> bytes:
    """Return an ELF file with one program header; `kind` 3 is position-independent."""
    header = 7 if not loader else 3
    if is_64:
        top = b"\x7fELF\2\1\1".ljust(16, b"\0")
        top += struct.pack(
            "<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0
        )
        return (top + struct.pack("<I", header)).ljust(128, b"\0") + body
    top = b"\x7fELF\1\2\1".ljust(16, b"\0")
    top += struct.pack(">HHIIIIIHHHHHH", kind, 8, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return (top + struct.pack(">I", header)).ljust(128, b"\0") + body


def go_information(version: str, modules: str) -> bytes:
    """Return what Go 1.18 and later writes into a program, at a multiple of 16."""
    framed = b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6" + modules.encode()
    framed += b"\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2"
    head = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    return head + _sized(version.encode()) + _sized(framed)


def _sized(content: bytes) -> bytes:
    length, size = len(content), b""
    while length > 0x7F:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return size + bytes([length]) + content
