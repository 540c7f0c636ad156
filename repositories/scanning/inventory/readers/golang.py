"""Programs: what Go wrote into them, and what kind of program they are otherwise.

Go's debug/buildinfo, the form with inline strings (Go 1.18 and later); ELF (System V
ABI, chapters 4 and 5).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repositories.scanning.inventory.contents import FoundFile, Package
from repositories.scanning.inventory.readers.text import decoded, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "program"
GO = "go"
ELF = b"\x7fELF"
HEAD = 4_096  # bytes in which the headers of a program lie, in practice

_MAGIC = b"\xff Go buildinf:"
_ALIGNMENT = 16
_HEADER = 32
_LONGEST_POINTER = 8  # bytes
_INLINE = 2  # flag
_MOST = 1024 * 1024
_MODULE_FRAME = 16  # bytes before and behind the text about modules
_MAX_MODULES = 20_000
_INTERPRETER = 3
_EXECUTABLE, _SHARED = 2, 3


@dataclass(frozen=True, slots=True)
class Program:
    """A program; `is_static` where it names no loader, as libraries do not either."""

    go: FoundFile | None
    is_static: bool


def read_program(pieces: Iterator[bytes]) -> Program:
    """Read a program from its first byte on, in constant memory.

    `go` is None where Go did not make it; a form that is not read is its problem.
    """
    head = b""
    while len(head) < HEAD and (piece := next(pieces, b"")):
        head += piece
    kind, has_loader = _headers(head[:HEAD])
    go = _build_information(head, pieces)
    is_static = kind in {_EXECUTABLE, _SHARED} and not has_loader
    return Program(go, is_static)


def _headers(head: bytes) -> tuple[int, bool]:
    """Return the type of an ELF file, and whether it names a loader.

    0 is a type of none that could run; headers that lie elsewhere name one.
    """
    is_64 = head[4:5] == b"\x02"
    order = ">" if head[5:6] == b"\x02" else "<"
    layout = f"{order}{'16xHHIQQQIHHH' if is_64 else '16xHHIIIIIHHH'}"
    if len(head) < struct.calcsize(layout):
        return 0, False
    fields = struct.unpack_from(layout, head)
    kind, offset, size, count = fields[0], fields[4], fields[8], fields[9]
    ends = offset + size * count
    if not size or ends > len(head):
        return kind, True
    types = (
        struct.unpack_from(f"{order}I", head, at)[0]
        for at in range(offset, ends, size)
        if at + 4 <= len(head)
    )
    return kind, _INTERPRETER in types


def _build_information(head: bytes, pieces: Iterator[bytes]) -> FoundFile | None:
    """Look for the information at any aligned place; the first that reads is it."""
    window, begins = head, 0
    problem = None
    while window:
        at = _aligned(window, begins)
        if at is None:
            keep = len(window) - len(_MAGIC) + 1 if len(window) > len(_MAGIC) else 0
            begins += keep
            more = next(pieces, b"")
            window = window[keep:] + more if more else b""
            continue
        block, window = _filled(window[at:], pieces), b""
        found = _read(block)
        if found and not found.problem:
            return found
        problem = problem or found
        begins += at + _ALIGNMENT
        window = block[_ALIGNMENT:]
    return problem


def _aligned(window: bytes, begins: int) -> int | None:
    """Return where the magic stands at a multiple of the alignment."""
    at = window.find(_MAGIC)
    while at != -1:
        if (begins + at) % _ALIGNMENT == 0:
            return at
        at = window.find(_MAGIC, at + 1)
    return None


def _filled(block: bytes, pieces: Iterator[bytes]) -> bytes:
    while len(block) < _HEADER + _MOST and (piece := next(pieces, b"")):
        block += piece
    return block


def _read(block: bytes) -> FoundFile | None:
    """Read the information; None for bytes that only look like its beginning."""
    if len(block) < _HEADER or block[14] > _LONGEST_POINTER:
        return None
    if not block[15] & _INLINE:
        problem = "it was built by Go before 1.18" if block[14] in {4, 8} else ""
        return FoundFile(GO, problem=problem) if problem else None
    version, at = _string(block, _HEADER)
    modules, _ = _string(block, at)
    if not version.startswith((b"go", b"devel")):
        return None
    text = modules[_MODULE_FRAME : -_MODULE_FRAME or None]
    return FoundFile(GO, tuple(_packages(decoded(version), decoded(text))))


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """Read a length (unsigned LEB128) and so many bytes; empty where they lack."""
    length = shift = 0
    for place in range(at, min(at + 5, len(block))):
        length |= (block[place] & 0x7F) << shift
        shift += 7
        if not block[place] & 0x80:
            end = place + 1 + length
            return (block[place + 1 : end], end) if end <= len(block) else (b"", end)
    return b"", at


def _packages(version: str, modules: str) -> Iterator[Package]:
    release = version.partition(" ")[0].removeprefix("go")
    if release[:1].isdigit():
        version = f"v{value_of(release)}"
        yield Package("golang", "stdlib", version, licenses=("BSD-3-Clause",))
    found: list[tuple[str, str]] = []
    for line in modules.split("\n")[:_MAX_MODULES]:
        kind, *fields = line.split("\t")
        if kind in {"mod", "dep"} and fields:
            found.append((fields[0], "".join(fields[1:2])))
        elif kind == "=>" and fields and found:
            found[-1] = _replaced(found[-1], fields)
    for path, release in found:
        yield from _module(path, release)


def _replaced(module: tuple[str, str], fields: list[str]) -> tuple[str, str]:
    """Return the module that stands for another; a folder keeps the other's name."""
    path, version = fields[0], "".join(fields[1:2])
    return (path, version) if version else (module[0], "")


def _module(path: str, version: str) -> Iterator[Package]:
    namespace, _, name = value_of(path).rpartition("/")
    version = "" if version == "(devel)" else value_of(version)
    if name:
        yield Package("golang", name, version, namespace=namespace)
