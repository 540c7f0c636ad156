"""The unpacked bytes of a layer, in blocks and in contents of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.scanning.inventory.limits import UnreadableLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CUT = "The layer's archive ends in the middle of an entry."

BLOCK = 512  # bytes; all of a tar archive comes in them


class Source:
    """Hands out what an iterator of bytes yields, in the pieces that a reader wants."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")
        self._left = 0  # of the entry's content
        self._padding = 0

    def block(self) -> bytes | None:
        """Return the next block of the archive; None at its end."""
        found = bytes(self._take(BLOCK))
        while len(found) < BLOCK and (more := bytes(self._take(BLOCK - len(found)))):
            found += more
        if found and len(found) < BLOCK:
            raise UnreadableLayer(_CUT)
        return found or None

    def begin(self, size: int) -> None:
        """Stand at the beginning of a content."""
        self._left = size
        self._padding = -size % BLOCK

    def content(self) -> Iterator[bytes]:
        """Yield what is left of the content, in pieces of any size."""
        while self._left:
            yield bytes(self._next())

    def finish(self) -> None:
        """Go to the end of the content."""
        while self._left:
            self._next()
        # What would fill up the last block may be missing at the end.
        while self._padding and (filling := self._take(self._padding)):
            self._padding -= len(filling)

    def drain(self) -> None:
        """Read to the end of the stream."""
        self._held = memoryview(b"")
        for _ in self._pieces:
            pass

    def _next(self) -> memoryview:
        piece = self._take(self._left)
        if not piece:
            raise UnreadableLayer(_CUT)
        self._left -= len(piece)
        return piece

    def _take(self, at_most: int) -> memoryview:
        """Return up to so many bytes, at least one unless the stream is over."""
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return self._held
            self._held = memoryview(piece)
        taken, self._held = self._held[:at_most], self._held[at_most:]
        return taken
