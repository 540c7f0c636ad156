"""One layer, read once from its first byte to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.scanning.inventory.compression import uncompressed
from repositories.scanning.inventory.contents import FoundFile
from repositories.scanning.inventory.limits import Limits, Meter
from repositories.scanning.inventory.paths import entry_path, link_target
from repositories.scanning.inventory.readers import golang, rpm
from repositories.scanning.inventory.recorder import Recorder
from repositories.scanning.inventory.source import Source
from repositories.scanning.inventory.sources import source_of
from repositories.scanning.inventory.tar import Entry, Kind, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repositories.scanning.inventory.contents import LayerContents
    from repositories.scanning.inventory.sources import Source as FileKind

USUAL = Limits()
_HOLES = "it has holes, which the built-in inventory does not read"


def read_layer(
    stream: Iterable[bytes],
    media_type: str = "",
    limits: Limits = USUAL,
    *,
    deadline: float | None = None,
) -> LayerContents:
    """Read what a layer adds and removes; `stream` is its blob as the registry has it.

    The stream is read to its end, so that a caller may check its digest on the way.
    `deadline` is in the time of time.monotonic(). Memory does not grow with the layer.
    Raises UnreadableLayer, and whatever the stream raises.
    """
    meter = Meter(limits, deadline)
    source = Source(uncompressed(stream, media_type, meter))
    reading = _Reading(source, meter)
    for entry in entries(source, meter):
        reading.take(entry)
    return reading.recorder.contents()


class _Reading:
    """Looks at each entry, and at the content of those of interest."""

    def __init__(self, source: Source, meter: Meter) -> None:
        self.recorder = Recorder(meter)
        self._source = source
        self._meter = meter

    def take(self, entry: Entry) -> None:
        path = entry_path(entry.name, self._meter.limits)
        if not path or self.recorder.whiteout(path):
            return
        if entry.kind is Kind.FOLDER:
            self.recorder.folder(path)
        elif entry.kind is Kind.LINK:
            target = link_target(path, entry.target, self._meter.limits)
            self.recorder.link(path, target)
        elif entry.kind is Kind.HARD_LINK:
            self._hard_link(path, entry_path(entry.target, self._meter.limits))
        else:
            self._file(path, entry)

    def _file(self, path: str, entry: Entry) -> None:
        kind = source_of(path) if entry.kind is Kind.FILE else None
        if kind:
            self.recorder.file(path, self._read(kind, path, entry))
        elif entry.kind is Kind.FILE and not entry.sparse:
            self.recorder.file(path, self._program(path))
        else:
            self.recorder.file(path, None)

    def _hard_link(self, path: str, target: str) -> None:
        """Take over what the other name of the file told, where that was read."""
        kind, found = source_of(path), self.recorder.files.get(target)
        if kind and (found is None or found.source != kind.name):
            found = FoundFile(
                kind.name, problem="it is another name of a file that is not read"
            )
        self.recorder.file(path, found)

    def _read(self, kind: FileKind, path: str, entry: Entry) -> FoundFile | None:
        """Read a file of interest; what is beyond its limit is a problem, not read."""
        limit = kind.limit(self._meter.limits)
        problem = kind.problem if entry.size else ""
        if entry.sparse:
            problem = _HOLES
        elif entry.size > limit:
            problem = f"it is larger than {limit} bytes"
        if problem:
            return FoundFile(kind.name, problem=problem)
        if kind.read:
            return kind.read(b"".join(self._source.content()), path)
        if kind.problem:
            return None
        packages = self._meter.limits.packages
        content = self._source.content()
        return rpm.read_database(content, self._meter.is_late, packages)

    def _program(self, path: str) -> FoundFile | None:
        content = self._source.content()
        first = next(content, b"")
        while 0 < len(first) < len(golang.ELF) and (more := next(content, b"")):
            first += more
        if not first.startswith(golang.ELF):
            return None
        return self.recorder.program(path, golang.read_program(_with(first, content)))


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
