"""Where the files of an advisory database are: in a folder, a checkout, or a zip.

Nothing is unpacked to disk, no link is followed, and what is hidden is passed over.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from repositories.scanning.advisories.documents import (
    MAX_BYTES,
    SUFFIXES,
    UnreadableRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILES = 5_000_000
MAX_RATIO = 200  # how much larger than the zip what is in it may be
SPARE_BYTES = 64 * 1024 * 1024  # for zips so small that the ratio says nothing
MAX_NAME = 1000


class UnusableSource(Exception):
    """Nothing can be read from the path at all; the message is a sentence."""


class Source(Protocol):
    """The files of a database, by their names within it."""

    @property
    def names(self) -> list[str]: ...

    def read(self, name: str) -> bytes:
        """Return the bytes of a file; raises UnreadableRecord, UnusableSource."""


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a folder or a zip; raises UnusableSource."""
    if path.is_dir():
        yield Folder(path)
        return
    if not path.is_file():
        raise UnusableSource(f"There is neither a folder nor a zip at {path}.")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, RuntimeError, ValueError) as error:
        raise UnusableSource(f"{path} is no zip that can be read: {error}.") from None
    with archive:
        yield Archive(archive, path.stat().st_size)


class Folder:
    """The files below a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = sorted(self._walk())
        _check_count(self.names)

    def read(self, name: str) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with os.fdopen(os.open(self._path / name, flags), "rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise UnreadableRecord(f"It cannot be read: {error.strerror}.") from None

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self._path, followlinks=False):
            folders[:] = [one for one in folders if not one.startswith(".")]
            for name in files:
                found = Path(folder, name)
                if _is_wanted(name) and stat.S_ISREG(found.lstat().st_mode):
                    yield str(found.relative_to(self._path))


class Archive:
    """The files in a zip."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._left = size * MAX_RATIO + SPARE_BYTES
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            name = member.filename
            if not member.is_dir() and _is_wanted(name.rpartition("/")[2]):
                self._members[name] = member
        self.names = sorted(self._members)
        _check_count(self.names)

    def read(self, name: str) -> bytes:
        try:
            with self._archive.open(self._members[name]) as file:
                raw = file.read(MAX_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise UnreadableRecord(f"The zip is damaged here: {error}.") from None
        except RuntimeError:  # also of methods of packing that Python does not know
            raise UnreadableRecord("It is encrypted or packed unusually.") from None
        self._left -= len(raw)
        if self._left < 0:
            message = f"The zip holds more than {MAX_RATIO} times its own size."
            raise UnusableSource(message)
        return raw


def _is_wanted(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _check_count(names: list[str]) -> None:
    if len(names) > MAX_FILES:
        raise UnusableSource(f"There are more than {MAX_FILES} files.")
