"""What the protocol needs of whoever speaks HTTP for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REPORT = 64 * 1024 * 1024  # bytes
MAX_ANSWER = 1024 * 1024  # bytes of everything but reports


class Reply(Protocol):
    """A whole answer of any status; names of headers in any case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...


class Fetch(Protocol):
    """Sends a request to a path below the adapter's address; follows no redirect."""

    def __call__(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        max_bytes: int = MAX_ANSWER,
    ) -> Reply: ...
