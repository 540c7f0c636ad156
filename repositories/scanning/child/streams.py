"""What a child writes, kept within bounds and without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

END_KEPT = 32 * 1024  # bytes
_QUOTED = 500  # characters
_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?i:(?<=bearer )|(?<=basic ))[^\s\"',;]+")
_UNPRINTABLE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[^\x20-\x7e\xa0-\uffff]")


class Stream:
    """One stream of a child: its first `kept` bytes, and the last of the others."""

    def __init__(self, cap: int, kept: int) -> None:
        self._cap = cap
        self._kept = kept
        self._taken = 0
        self._start = bytearray()
        self._end = bytearray()

    def take(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        room = self._kept - len(self._start)
        self._start += chunk[:room]
        self._end += chunk[room:]
        del self._end[:-END_KEPT]

    @property
    def is_over(self) -> bool:
        return self._taken > self._cap

    @property
    def start(self) -> bytes:
        return bytes(self._start)

    def text(self, secrets: Collection[str]) -> str:
        """Start and end, masked; of a secret cut by the gap between no part is left."""
        start, end = (
            bytes(part).decode(errors="replace") for part in (self._start, self._end)
        )
        if self._taken == len(self._start) + len(self._end):
            return mask(start + end, secrets)
        cut = max(map(len, secrets), default=0)
        start, end = start[: len(start) - cut], end[cut:]
        return f"{mask(start, secrets)}\n{mask(end, secrets)}"


def mask(text: str, secrets: Collection[str] = ()) -> str:
    """Hide these secrets, users in URLs, and Basic and Bearer tokens."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _SECRET.sub("***", text)


def last_words(text: str) -> str:
    """Cut the end of the text, on one line, fit for a sentence."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[-_QUOTED:]
