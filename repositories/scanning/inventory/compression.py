"""Layers as they come from the registry, uncompressed piece by piece."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from repositories.scanning.inventory.limits import UnreadableLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from repositories.scanning.inventory.limits import Meter

TAKEN_IN = 64 * 1024
GIVEN_OUT = 256 * 1024
_ENOUGH = 8  # bytes to know a compression by

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = b"\x2a\x4d\x18"  # behind a byte of 50 to 5f (RFC 8878)
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "lz4"}


class _Decompressor(Protocol):
    """Reads one member; as the standard library's decompressors."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Codec(NamedTuple):
    make: Callable[[], _Decompressor]
    error: type[Exception]


class _Gzip:
    """A zlib object with the interface of the other decompressors."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        left = self._inflater.unconsumed_tail
        found = self._inflater.decompress(left + data, max_length)
        full = len(found) == max_length
        self.needs_input = not self._inflater.unconsumed_tail and not full
        return found


def uncompressed(
    stream: Iterable[bytes], media_type: str, meter: Meter
) -> Iterator[bytes]:
    """Yield the bytes of the archive; some pieces may be empty.

    What the compression is, the first bytes say; the media type only words refusals.
    Reads the stream to its end. Raises UnreadableLayer.
    """
    if media_type.endswith("+encrypted"):
        raise UnreadableLayer("The layer is encrypted; scan it where the key is.")
    pieces = _metered(stream, meter)
    start = _start(pieces)
    codec = _codec(start)
    found = _chained(start, pieces)
    for piece in _members(found, codec) if codec else found:
        meter.unpacked(len(piece))
        yield piece


def _metered(stream: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    for chunk in stream:
        for at in range(0, len(chunk), TAKEN_IN):
            piece = chunk[at : at + TAKEN_IN]
            meter.took(len(piece))
            yield piece


def _start(pieces: Iterator[bytes]) -> bytes:
    start = b""
    while len(start) < _ENOUGH and (piece := next(pieces, b"")):
        start += piece
    return start


def _chained(start: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from pieces


def _codec(start: bytes) -> _Codec | None:
    """Return what reads the layer's compression; None for a plain archive."""
    if start.startswith(_GZIP):
        return _Codec(_Gzip, zlib.error)
    if start.startswith(_ZSTD) or start[1:4] == _ZSTD_SKIPPED:
        return _Codec(zstd.ZstdDecompressor, zstd.ZstdError)
    for magic, name in _OTHERS.items():
        if start.startswith(magic):
            raise UnreadableLayer(
                f"The layer is compressed with {name}, which images may not be."
            )
    return None


def _members(pieces: Iterator[bytes], codec: _Codec) -> Iterator[bytes]:
    """Yield what one member after the other holds; eStargz has one for each file."""
    decompressor = codec.make()
    for piece in pieces:
        data = piece
        while data or not decompressor.needs_input:
            if decompressor.eof:
                decompressor = codec.make()
            yield _decompressed(decompressor, data, codec.error)
            data = decompressor.unused_data if decompressor.eof else b""
            if decompressor.eof and not data:
                break
    if not decompressor.eof:
        raise UnreadableLayer("The layer ends in the middle of its compressed data.")


def _decompressed(
    decompressor: _Decompressor, data: bytes, error: type[Exception]
) -> bytes:
    try:
        return decompressor.decompress(data, GIVEN_OUT)
    except (error, EOFError, ValueError):
        raise UnreadableLayer("The layer's compressed data is broken.") from None
