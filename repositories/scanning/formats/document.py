"""The bytes of a report as JSON, within bounds of memory and time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from repositories.registry import json_document
from repositories.scanning.formats.values import UnreadableReport

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 64 * 1024 * 1024
MAX_CONTAINERS = 2_000_000  # objects and lists; each takes some 200 bytes of memory
MAX_VALUES = 4_000_000
_BLOCK = 1024 * 1024


class Stream(Protocol):
    """A body to read: a file, or what a server calls one."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""


def load(source: Stream | bytes, max_bytes: int = MAX_BYTES) -> Any:
    """Parse the JSON of a report; raises UnreadableReport.

    Broken UTF-8 is replaced and NaN read as null. UTF-16, which Windows' shells write,
    is understood. Bytes in JSON's strings count as if they were structure.
    """
    raw = _whole(source, max_bytes)
    if not raw.strip():
        raise UnreadableReport("The report is empty.")
    raw = _as_utf8(raw)
    _refuse_what_would_not_fit(raw)
    try:
        return json_document.load(raw)
    except json_document.InvalidDocument as error:
        raise UnreadableReport(f"The report cannot be read: {error}.") from None


def _whole(source: Stream | bytes, max_bytes: int) -> bytes:
    blocks, size = [], 0
    for block in [source] if isinstance(source, bytes) else _blocks(source):
        size += len(block)
        if size > max_bytes:
            cap = max_bytes / 1024 / 1024
            raise UnreadableReport(f"The report is larger than {cap:.3g} MiB.")
        blocks.append(block)
    return b"".join(blocks)


def _blocks(stream: Stream) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _as_utf8(raw: bytes) -> bytes:
    encoding = json.detect_encoding(raw)
    if encoding == "utf-8":
        return raw
    return raw.decode(encoding, errors="replace").encode()


def _refuse_what_would_not_fit(raw: bytes) -> None:
    containers = raw.count(b"{") + raw.count(b"[")
    if containers > MAX_CONTAINERS:
        raise UnreadableReport(
            f"The report has more than {MAX_CONTAINERS} objects and lists."
        )
    if containers + raw.count(b",") > MAX_VALUES:
        raise UnreadableReport(f"The report has more than {MAX_VALUES} values.")
