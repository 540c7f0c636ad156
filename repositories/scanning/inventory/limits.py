"""How much of a layer is read before it is given up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MIB = 1024 * 1024
GIB = 1024 * MIB
_ENTRY_BYTES, _PACKAGE_BYTES = 150, 400  # of Python's objects


class UnreadableLayer(ValueError):
    """The layer is broken, hostile or beyond the limits; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on the reading of one layer.

    `layer_bytes` counts the uncompressed layer, the holes of sparse files included.
    `ratio` is uncompressed to compressed and counts from `ratio_floor` bytes on.
    `kept_bytes` bounds what is remembered of a layer while it is read; a file of
    interest that is larger than its cap is not read, and missing in the inventory.
    """

    compressed_bytes: int = 8 * GIB
    layer_bytes: int = 4 * GIB
    ratio: int = 200
    ratio_floor: int = 128 * MIB
    entries: int = 500_000
    path_length: int = 4_096
    path_depth: int = 128
    header_bytes: int = MIB
    file_bytes: int = 8 * MIB
    manifest_bytes: int = 4 * MIB
    status_bytes: int = 32 * MIB
    database_bytes: int = 512 * MIB
    packages: int = 100_000
    kept_bytes: int = 48 * MIB
    seconds: float = 300.0


@dataclass(slots=True)
class Meter:
    """Counts what one layer costs; each method raises UnreadableLayer beyond a cap.

    `deadline` is in the time of time.monotonic(), None for `limits.seconds` from now.
    """

    limits: Limits
    deadline: float | None = None
    compressed: int = 0
    uncompressed: int = 0
    _entries: int = 0
    _kept: int = 0
    _packages: int = 0
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        own = time.monotonic() + self.limits.seconds
        self._until = own if self.deadline is None else min(own, self.deadline)

    def is_late(self) -> bool:
        """Tell whether the time is used up."""
        return time.monotonic() > self._until

    def check_time(self) -> None:
        """Give up when the time is used up."""
        if self.is_late():
            raise UnreadableLayer("Reading the layer took longer than is allowed.")

    def took(self, compressed: int) -> None:
        """Count bytes as they came from the registry."""
        self.compressed += compressed
        if self.compressed > self.limits.compressed_bytes:
            raise UnreadableLayer(
                f"The layer is larger than {self.limits.compressed_bytes} bytes."
            )

    def unpacked(self, uncompressed: int) -> None:
        """Count bytes behind the decompression, and holes."""
        self.check_time()
        self.uncompressed += uncompressed
        if self.uncompressed > self.limits.layer_bytes:
            raise UnreadableLayer(
                f"The layer unpacks to more than {self.limits.layer_bytes} bytes."
            )
        if self.uncompressed <= self.limits.ratio_floor:
            return
        if self.uncompressed > self.limits.ratio * self.compressed:
            raise UnreadableLayer(
                f"The layer unpacks to more than {self.limits.ratio} times its size."
            )

    def entry(self) -> None:
        """Count one header of the archive."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise UnreadableLayer(
                f"The layer has more than {self.limits.entries} entries."
            )

    def keep(self, text_length: int, packages: int = 0) -> None:
        """Count what is remembered, and what it takes besides its text."""
        self._kept += text_length + _ENTRY_BYTES + packages * _PACKAGE_BYTES
        self._packages += packages
        if self._packages > self.limits.packages:
            raise UnreadableLayer(
                f"The layer has more than {self.limits.packages} packages."
            )
        if self._kept > self.limits.kept_bytes:
            raise UnreadableLayer(
                "The layer has more packages, links and whiteouts than can be kept."
            )

    def has_room(self) -> bool:
        """Tell whether more may be remembered that could also be left out."""
        return self._kept < self.limits.kept_bytes // 2
