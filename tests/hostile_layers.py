"""Layers that a scanner must survive, made without the time and the room they take."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import tarfile
import zlib
from typing import TYPE_CHECKING

from tests.images import Layer, packed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB, GIB = 1024**2, 1024**3
BLOCK = 512
CHECKSUM = slice(148, 156)


def bomb() -> Layer:
    """A file of 16 GiB of zeros in 16 MB: the same member of gzip over and over."""
    zeros = gzip.compress(bytes(16 * MIB), 9, mtime=0)
    header = gzip.compress(_header("zeros", size=16 * GIB), mtime=0)
    return Layer(header + zeros * (16 * GIB // (16 * MIB)))


def tiny_files(count: int) -> Layer:
    """Very many empty files, each with a name of its own."""
    deflate = zlib.compressobj(1, wbits=31)
    parts = [deflate.compress(some) for some in _headers(count)]
    return Layer(b"".join([*parts, deflate.flush()]))


def truncated() -> Layer:
    """A layer whose upload ended in the middle, so to say."""
    whole = packed(_archive(file(random.Random(1).randbytes(100_000))))
    return Layer(whole.blob[: len(whole.blob) // 2])


def sparse(folder: Path, form: str) -> Layer:
    """A file of 5 GiB that takes no room, as GNU tar stores it in a form of its own."""
    with (folder / "holes").open("wb") as hole:
        hole.truncate(5 * GIB)
    command = ("tar", f"--format={form}", "--sparse", "-cf", "-", "holes")
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return packed(done.stdout)


def climbing(path: str) -> Layer:
    """A package whose file's path leads out of the image."""
    return packed(_archive(file(b"Package: evil\nVersion: 1\n", path)))


def linked(path: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Layer:
    """A link, and nothing else."""
    member = tarfile.TarInfo(path)
    member.type, member.linkname = kind, target
    return packed(_archive((member, b"")))


def file(content: bytes, path: str = "file") -> tuple[tarfile.TarInfo, bytes]:
    """A file of an archive."""
    member = tarfile.TarInfo(path)
    member.size = len(content)
    return member, content


def _archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _header(name: str, size: int = 0) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def _headers(count: int, at_once: int = 1000) -> Iterator[bytes]:
    """Yield headers of `000000000` and so on; only name and checksum differ."""
    blank = bytearray(_header("0" * 9))
    blank[CHECKSUM] = b" " * 8
    rest = sum(blank) - sum(blank[:9])
    for start in range(0, count, at_once):
        some = []
        for number in range(start, min(start + at_once, count)):
            name = b"%09d" % number
            blank[:9] = name
            blank[CHECKSUM] = b"%06o\0 " % (rest + sum(name))
            some.append(bytes(blank))
        yield b"".join(some)
