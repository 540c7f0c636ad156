"""Layers in all the forms that builders write them in."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from repositories.scanning.inventory import (
    LayerContents,
    OutdatedInventory,
    UnreadableLayer,
    assemble,
    read_layer,
)
from tests.repositories.scanning.inventory.layers import (
    FOLDER,
    OS_RELEASE,
    STATUS,
    HardLink,
    Link,
    archive,
    chunks,
    contents,
    dpkg,
    metadata,
    read,
)

LONG = "/".join(["a-rather-long-name-of-a-folder"] * 12)
IMAGE = {
    "etc": FOLDER,
    "etc/os-release": OS_RELEASE,
    STATUS: dpkg(("bash", "5.2"), ("zlib1g", "1:1.2.13")),
    "bin": Link("usr/bin"),
    f"{LONG}/x-1.dist-info/METADATA": metadata("x", "1", "License: MIT"),
    f"{LONG}/y-1.dist-info/METADATA": HardLink(f"{LONG}/x-1.dist-info/METADATA"),
    "opt/thing": b"\x7fELF" + bytes(5_000),
    "var/.wh.cache": b"",
    "srv/.wh..wh..opq": b"",
    "large": bytes(2_000_000),
}
PLAIN = archive(IMAGE)


@pytest.fixture(scope="module")
def expected():
    return read(PLAIN)


@pytest.mark.parametrize(
    "format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"]
)
def test_every_format_of_archive_is_read(expected, format):  # noqa: A002 (tarfile's word)
    assert read(gzip.compress(archive(IMAGE, format=format))) == expected
    assert expected.removed == ("var/cache",)
    assert expected.emptied == ("srv",)
    assert expected.links == {"bin": "usr/bin"}
    assert f"{LONG}/x-1.dist-info/METADATA" in expected.files


def test_several_gzip_members_are_one_layer(expected):
    blob = b"".join(map(gzip.compress, chunks(PLAIN, 700_000)))

    assert read(blob) == expected


def test_names_may_begin_at_the_root(expected):
    """Some builders write `/etc/…` or `./etc/…`, and all runtimes read them alike."""
    for prefix in ("/", "./", ".//./"):
        moved = {
            f"{prefix}{path}": HardLink(f"{prefix}{content.target}")
            if isinstance(content, HardLink)
            else content
            for path, content in IMAGE.items()
        }
        assert read(archive(moved)) == expected


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=20))
def test_the_pieces_in_which_a_blob_comes_do_not_matter(sizes):
    blob, files = gzip.compress(SMALL), iter(sizes * 10_000)

    def pieces():
        at = 0
        while at < len(blob):
            size = next(files)
            yield blob[at : at + size]
            at += size

    assert read_layer(pieces()) == read(SMALL)


SMALL = archive({STATUS: dpkg(("bash", "5.2")), "opt/x": b"\x7fELF" * 300, "y": b"z"})


def test_the_stream_is_read_to_its_end():
    """Whoever hands it in checks the digest when its last piece is asked for."""
    ended = []

    def stream():
        yield from chunks(gzip.compress(SMALL) + gzip.compress(bytes(1_000)), 100)
        ended.append(True)

    read_layer(stream())

    assert ended


def test_an_archive_may_lack_its_end_and_padding(expected):
    last = archive({STATUS: dpkg(("bash", "5.2"))}).rstrip(b"\0")

    assert STATUS in read(last + b"\n").files
    assert read(b"") == LayerContents()


def test_a_contents_survives_its_json(expected):
    stored = json.loads(json.dumps(expected.to_json()))

    assert LayerContents.from_json(stored) == expected
    assert assemble([("x", LayerContents.from_json(stored))]) == assemble(
        [("x", expected)]
    )


@pytest.mark.parametrize("stored", [{}, {"version": 0}, {"version": "1"}])
def test_a_stored_inventory_of_another_version_is_read_again(stored):
    with pytest.raises(OutdatedInventory):
        LayerContents.from_json(stored)


def test_a_later_entry_of_the_same_layer_wins():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, text in [("a/p.egg-info", "p"), ("a", "file"), ("b.egg-info", "b")]:
            content = metadata(text, "1").encode()
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

    assert set(read(buffer.getvalue()).files) == {"b.egg-info"}


def test_zstd_is_read(expected):
    blob = zstd.compress(PLAIN)

    assert read(blob) == expected
    with pytest.raises(UnreadableLayer):
        read(blob[:-10])
    with pytest.raises(UnreadableLayer):
        read(blob[:20] + b"\xff" * 50 + blob[70:])


def test_the_readers_see_what_the_standard_library_sees(expected):
    """Not a second opinion on hostile archives, but on the plain ones."""
    with tarfile.open(fileobj=io.BytesIO(PLAIN)) as tar:
        names = {member.name for member in tar}

    assert set(expected.files) <= names
    assert contents(IMAGE) == expected
