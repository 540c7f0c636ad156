"""What a scanner is given, and how it says that there is no report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.models import Manifest, Repository, Scan
    from repositories.scanning.report import Report


@dataclass(frozen=True, slots=True)
class Job:
    """One scan that this worker holds.

    `repository` holds the image, and is the only one whose contents the scanner may
    read. `beat` renews the lease: call it every few seconds; it raises when the scan
    was taken away or its deadline has passed.
    """

    scan: Scan
    image: Manifest
    repository: Repository
    beat: Callable[[], None]


class ScanFailed(Exception):
    """There is no report; the text is a sentence for people.

    A temporary failure is tried again, after `retry_after` seconds where it is given.
    """

    def __init__(
        self,
        message: str,
        *,
        temporary: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.retry_after = retry_after


class NotReady(Exception):
    """The scanner works on it: ask again after some seconds, by this id of its own."""

    def __init__(self, remote_id: str, after_seconds: float) -> None:
        super().__init__(remote_id)
        self.remote_id = remote_id
        self.after_seconds = after_seconds


if TYPE_CHECKING:
    Backend = Callable[[Job], Report]
    """Runs one job; raises ScanFailed or NotReady."""
