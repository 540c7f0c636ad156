"""Layers and images made for tests, file by file."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repositories.scanning.inventory import Limits, assemble, read_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from repositories.scanning.inventory import LayerContents, SkippedLayer
    from repositories.scanning.report import FoundComponent, Report


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class HardLink:
    """Another name of a file that stands before it in the archive."""

    target: str


FOLDER = None
Content = bytes | str | Link | HardLink | None


def archive(files: Mapping[str, Content], *, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002 (tarfile's word)
    """Return a tar archive with the entries in the order given."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for path, content in files.items():
            _add(tar, path, content)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: Content) -> None:
    member = tarfile.TarInfo(path)
    match content:
        case None:
            member.type = tarfile.DIRTYPE
        case Link(target):
            member.type, member.linkname = tarfile.SYMTYPE, target
        case HardLink(target):
            member.type, member.linkname = tarfile.LNKTYPE, target
        case _:
            raw = content.encode() if isinstance(content, str) else content
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
            return
    tar.addfile(member)


def chunks(blob: bytes, size: int = 65_536) -> Iterator[bytes]:
    for at in range(0, len(blob), size):
        yield blob[at : at + size]


def read(blob: bytes, limits: Limits | None = None) -> LayerContents:
    """Read a blob, compressed or not."""
    return read_layer(chunks(blob), "", limits or Limits())


def contents(files: Mapping[str, Content]) -> LayerContents:
    """Read a layer with these entries."""
    return read(gzip.compress(archive(files), 1))


def scanned(
    *layers: Mapping[str, Content], skipped: Sequence[SkippedLayer] = ()
) -> Report:
    """Report of an image; its layers are called `layer-0` and so on."""
    read_layers = ((f"layer-{at}", contents(files)) for at, files in enumerate(layers))
    return assemble(read_layers, skipped)


def found(*layers: Mapping[str, Content]) -> dict[str, FoundComponent]:
    """Return the components of an image by purl, without qualifiers."""
    components = scanned(*layers).components
    return {component.purl.partition("?")[0]: component for component in components}


def dpkg(*packages: tuple[str, str], status: str = "install ok installed") -> str:
    """Return a dpkg status that lists the packages."""
    return "".join(
        f"Package: {name}\nStatus: {status}\nArchitecture: amd64\n"
        f"Version: {version}\nDescription: some\n more\n\n"
        for name, version in packages
    )


def metadata(name: str, version: str, *more: str) -> str:
    """Return the METADATA of a Python distribution."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *more]
    return "\n".join([*lines, "", "A description."])


OS_RELEASE = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
STATUS = "var/lib/dpkg/status"
