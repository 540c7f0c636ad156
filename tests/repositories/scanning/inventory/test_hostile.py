"""Layers made to harm: each is refused with a sentence, within time and memory."""

from __future__ import annotations

import gzip
import io
import itertools
import subprocess
import sys
import tarfile
import textwrap
import time
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from repositories.scanning.inventory import Limits, UnreadableLayer, read_layer
from tests.repositories.scanning.inventory.layers import (
    STATUS,
    Content,
    HardLink,
    Link,
    archive,
    contents,
    dpkg,
    metadata,
    read,
)

END = bytes(1024)


def header(name="file", *, size=0, kind=b"0", **fields):
    """Return one header; `fields` are bytes by their place, written over it."""
    member = tarfile.TarInfo(name)
    member.type = kind
    raw = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    raw[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    for place, value in fields.items():
        at = int(place.lstrip("_"))
        raw[at : at + len(value)] = value
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def padded(content):
    return content + bytes(-len(content) % 512)


def extended(records, kind=b"x"):
    return header("pax", size=len(records), kind=kind) + padded(records)


def record(key, value):
    body = b" %s=%s\n" % (key, value)
    length = next(
        size
        for size in itertools.count(len(body))
        if len(str(size)) + len(body) == size
    )
    return str(length).encode() + body


def refused(blob, limits=None, **more):
    with pytest.raises(UnreadableLayer) as caught:
        read(blob, limits, **more)
    sentence = str(caught.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    "name",
    ["../etc/passwd", "a/../../b", "a/..", "/../x", "./..", "a/.wh.../x/../..", ".."],
)
def test_paths_out_of_the_image(name):
    assert "leads out of the image" in refused(archive({name: b"x"}))


@pytest.mark.parametrize("name", ["etc/.wh...", ".wh..", "etc/.wh."])
def test_whiteouts_of_nothing_or_of_what_is_above(name):
    assert "whiteout" in refused(archive({name: b""}))


@pytest.mark.parametrize(
    "target", ["../x", "a/../../x", "../../../../etc/shadow", "/../x"]
)
def test_links_out_of_the_image(target):
    assert "leads out of the image" in refused(archive({"link": Link(target)}))
    assert "leads out of the image" in refused(archive({"link": HardLink(target)}))


@pytest.mark.parametrize(
    "target", ["/etc/shadow", "../../a", "x/../y", ".", "", "a" * 99]
)
def test_links_within_the_image_are_not_refused_and_not_followed(target):
    assert read(archive({"usr/lib/link": Link(target)})).links


def test_links_that_go_round():
    image: dict[str, Content] = {
        "usr/share/doc/a": Link("b"),
        "usr/share/doc/b": Link("a"),
        "etc/os-release": Link("os-release"),
        "x": Link("x/x"),
        "var": Link("/"),
        STATUS: dpkg(("a", "1"), ("b", "1")),
    }
    assert contents(image).files


@pytest.mark.parametrize(
    "blob",
    [
        extended(record(b"path", b"a\0b")) + header() + END,
        extended(record(b"path", b"x" * 5_000)) + header() + END,
        extended(record(b"path", b"d/" * 500 + b"x")) + header() + END,
        extended(record(b"linkpath", b"y" * 5_000)) + header(kind=b"2") + END,
    ],
    ids=["nul", "long", "deep", "long link"],
)
def test_paths_that_no_file_system_takes(blob):
    refused(blob)


@pytest.mark.parametrize(
    "blob",
    [
        header(size=b"\xff" * 12) + END,
        header(size=b"\x80" + b"\xff" * 11) + END,
        header(size=b"-0000000001\0") + END,
        header(size=b"0o00000001\0") + END,
        header(size=b"999999999999") + END,
        extended(record(b"size", b"-1")) + header() + END,
        extended(record(b"size", "\u0663".encode())) + header() + END,
        extended(record(b"size", b"1" * 5_000)) + header() + END,
        header(size=b"\xff" * 12, kind=b"x") + END,
    ],
    ids=[
        "negative",
        "huge",
        "minus",
        "python's octal",
        "no octal",
        "pax negative",
        "pax no ascii",
        "pax long",
        "negative extension",
    ],
)
def test_impossible_sizes(blob):
    refused(blob)


@pytest.mark.parametrize(
    "records",
    [
        b"no length",
        b"0 a=b\n",
        b"5 a=b\n",
        b"99999 a=b\n",
        b"7 a=bb\n8 no equals"[:-4],
        b"5 =\nx",
        b"-6 a=b\n",
        b"99999999999999999999999 a=b\n",
    ],
)
def test_malformed_extended_headers(records):
    refused(extended(records) + header() + END)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_extended_headers_that_would_fill_the_memory(kind):
    blob = header("pax", size=3 << 30, kind=kind)

    assert "oversized" in refused(blob + END)


@pytest.mark.parametrize("kind", [b"V", b"M", b"Z", b"\xff", b"D", b"X"])
def test_entries_that_no_runtime_takes(kind):
    refused(header(kind=kind) + END)


def test_damaged_headers():
    good = archive({STATUS: dpkg(("a", "1"))})

    refused(b"x" * 512)
    refused(good[:100] + b"9" + good[101:])
    refused(b"x" + bytes(511))
    refused(good[:600])
    refused(good[:200])
    refused(bytes(512) + b"x" * 512)


def test_a_long_chain_of_extended_headers():
    chain = (header("x", size=1, kind=b"L") + padded(b"y")) * 3_000
    began = time.process_time()

    assert read(chain + header() + END).files == {}
    assert "entries" in refused(chain, Limits(entries=1_000))
    assert time.process_time() - began < 5


def test_what_a_reader_sees_is_what_the_runtimes_see():
    """Old times of GNU are no part of a name; global headers rename nothing."""
    times = header("egg-info", _345=b"hidden.egg-info/x")
    renamed = extended(record(b"path", b"hidden"), kind=b"g")
    content = metadata("a", "1").encode()
    visible = header("a.egg-info", size=len(content)) + padded(content)
    emptied = extended(record(b"path", b"hidden") + record(b"path", b""))
    unknown = extended(
        record(b"GNU.sparse.major", b"9") + record(b"GNU.sparse.name", b"hidden")
    )
    for before in (times, renamed, renamed + emptied, emptied, unknown):
        assert set(read(before + visible + END).files) == {"a.egg-info"}


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 300])
def test_a_truncated_gzip(cut):
    blob = gzip.compress(archive({STATUS: dpkg(("a", "1")), "x": bytes(100_000)}))

    assert "middle" in refused(blob[:-cut])


def test_a_damaged_gzip():
    blob = gzip.compress(archive({STATUS: dpkg(("a", "1"))}))

    refused(blob[:-8] + bytes(8))
    refused(blob[:40] + b"\xff" * 10 + blob[50:])
    refused(blob + b"garbage")
    refused(b"\x1f\x8b")


@pytest.mark.parametrize("magic", [b"BZh9", b"\xfd7zXZ\0", b"\x04\x22\x4d\x18"])
def test_other_compressions_are_named(magic):
    assert "compressed with" in refused(magic + bytes(600))


def test_an_encrypted_layer():
    with pytest.raises(UnreadableLayer, match="encrypted"):
        read_layer(
            iter([b"x"]), "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
        )


def zeros(size):
    """Return a gzip of so many zeros, in next to no memory."""
    packer = zlib.compressobj(9, wbits=31)
    megabyte = bytes(1 << 20)
    pieces = [packer.compress(megabyte) for _ in range(size >> 20)]
    return b"".join([*pieces, packer.flush()])


def bomb(size):
    return gzip.compress(header("bomb", size=size)) + zeros(size)


def test_a_bomb_within_a_file_and_behind_the_archive():
    limits = Limits(ratio_floor=8 << 20)

    assert "times its size" in refused(bomb(64 << 20), limits)
    assert "times its size" in refused(gzip.compress(END) + zeros(64 << 20), limits)


def test_a_layer_larger_than_is_allowed():
    large = archive({"x": bytes(3 << 20)})

    assert "unpacks to more" in refused(large, Limits(layer_bytes=2 << 20))
    assert "larger than" in refused(large, Limits(compressed_bytes=1 << 20))


def sparse_gnu(real):
    return header("sparse", size=512, kind=b"S", _483=real) + bytes(512) + END


def sparse_pax(*records):
    return extended(b"".join(records)) + header("x", size=512) + bytes(512) + END


SIZE = str(5 << 30).encode()


@pytest.mark.parametrize(
    "blob",
    [
        sparse_gnu(b"%012o" % (5 << 30)),
        sparse_pax(record(b"GNU.sparse.size", SIZE), record(b"GNU.sparse.map", b"0,1")),
        sparse_pax(
            record(b"GNU.sparse.major", b"1"),
            record(b"GNU.sparse.minor", b"0"),
            record(b"GNU.sparse.realsize", SIZE),
        ),
    ],
    ids=["old GNU", "pax 0.1", "pax 1.0"],
)
def test_a_sparse_file_of_5_gigabytes(blob):
    assert "unpacks to more" in refused(gzip.compress(blob))


def test_a_sparse_file_with_an_endless_map():
    blocks = (bytes(504) + b"\1" + bytes(7)) * 100

    refused(header("sparse", kind=b"S", _482=b"\1") + blocks)
    refused(sparse_gnu(b"\xff" * 12))


def test_a_small_sparse_file_is_no_reason_to_refuse():
    holes = header(STATUS, size=512, kind=b"S", _483=b"%012o" % 9_000)
    found = read(holes + bytes(512) + END).files[STATUS]

    assert "holes" in found.problem


def test_too_many_entries():
    files = {f"{at}": b"" for at in range(101)}

    assert "entries" in refused(archive(files), Limits(entries=100))
    assert read(archive(files), Limits(entries=101)).files == {}


def test_too_much_to_keep():
    links = {f"link-{at}": Link("x" * 90) for at in range(500)}
    packages = {STATUS: dpkg(*((f"p{at}", "1") for at in range(500)))}
    removed = {f"a/.wh.{at:090}": b"" for at in range(500)}
    for files in (links, removed, packages):
        assert "kept" in refused(archive(files), Limits(kept_bytes=50_000))
    assert "packages" in refused(archive(packages), Limits(packages=100))


def test_a_layer_that_takes_back_its_own_folders():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for _ in range(200):
            for path in ("d/x.egg-info", "d"):
                member = tarfile.TarInfo(path)
                content = metadata("a", "1").encode()
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))

    assert "again and again" in refused(buffer.getvalue())


def test_a_file_of_interest_beyond_its_limit_is_a_gap_and_no_failure():
    image = {STATUS: dpkg(("a", "1")) * 100, "x.egg-info": "x" * 2_000}
    found = read(archive(image), Limits(status_bytes=1_000, file_bytes=1_000)).files

    assert {"larger than" in each.problem for each in found.values()} == {True}


def test_a_stream_that_never_ends_is_given_up_in_time():
    def trickle():
        yield gzip.compress(header("endless", size=1 << 32))
        while True:
            yield gzip.compress(b"x")

    began = time.monotonic()
    with pytest.raises(UnreadableLayer, match="longer than is allowed"):
        read_layer(trickle(), limits=Limits(seconds=0.3))
    assert time.monotonic() - began < 3
    with pytest.raises(UnreadableLayer, match="longer than is allowed"):
        read_layer(trickle(), deadline=time.monotonic() + 0.3)


def test_empty_gzip_members_do_not_stop_the_clock():
    empty = gzip.compress(b"") * 3_000
    with pytest.raises(UnreadableLayer, match="longer than is allowed"):
        read_layer(itertools.repeat(empty), limits=Limits(seconds=0.3))


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(0, 2_000), st.binary(min_size=1, max_size=20)), max_size=4
    )
)
@example([(156, b"S")])
def test_damage_anywhere_is_refused_or_read(damages):
    blob = bytearray(archive({STATUS: dpkg(("a", "1")), "x": Link("y")}))
    for at, value in damages:
        blob[at : at + len(value)] = value
    try:
        read(bytes(blob))
    except UnreadableLayer as error:
        assert str(error).endswith(".")  # noqa: PT017 (either is right)


MEASURED = """
    from pathlib import Path
    from tests.repositories.scanning.inventory import test_hostile as hostile
    from repositories.scanning.inventory import UnreadableLayer, read_layer

    def peak():
        # Of this process alone; what getrusage says begins with its parent's.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    before = peak()
    try:
        read_layer(hostile.{stream})
        print("read")
    except UnreadableLayer as error:
        print(error)
    print(peak() - before)
"""


def million_files():
    """A million tiny files, packed as they are asked for."""
    packer = zlib.compressobj(1, wbits=31)
    entry = [header(f"d/f{at}") for at in range(100)]
    for _ in range(10_000):
        yield packer.compress(b"".join(entry))
    yield packer.flush()


def million_packages():
    """More metadata of packages than can be kept."""
    packer = zlib.compressobj(1, wbits=31)
    for at in range(400_000):
        content = metadata(f"package-{at}", "1", "License: MIT").encode()
        entry = header(f"a/{at}.egg-info", size=len(content))
        yield packer.compress(entry + padded(content))
    yield packer.flush()


def deep_folders():
    """Long paths, each of its own."""
    packer = zlib.compressobj(1, wbits=31)
    content = metadata("a", "1").encode()
    for at in range(100_000):
        path = "/".join([f"{at}{'x' * 60}"] * 50).encode()
        entry = extended(record(b"path", path + b"/x.egg-info"))
        yield packer.compress(entry + header(size=len(content)) + padded(content))
    yield packer.flush()


def hungry_files():
    """Files of interest that would be large lists of nothing in memory."""
    packer = zlib.compressobj(1, wbits=31)
    for path, content, size in [
        (STATUS, b"\n", 31 << 20),
        ("usr/share/doc/a/copyright", b"Format: x\n" + b"\n" * 999, 8 << 20),
        ("usr/share/doc/b/copyright", b"Format: x\nLicense: a b c d\n" * 36, 8 << 20),
        ("usr/share/doc/c/copyright", b"/usr/share/common-licenses/GPL " * 33, 8 << 20),
        ("a.egg-info", b"a:\n" * 333, 8 << 20),
        ("node_modules/a/package.json", b"[]," * 333, 1 << 20),
        ("etc/os-release", b"ID=a\n" * 200, 8 << 20),
        ("lib/apk/db/installed", b"P:a\n\n" * 200, 8 << 20),
    ]:
        yield packer.compress(header(path, size=size))
        repeated = (content * (1 + size // len(content)))[:size]
        yield packer.compress(padded(repeated))
    yield packer.compress(END) + packer.flush()


def crowded_status():
    """As many packages as fit into a status."""
    packer = zlib.compressobj(1, wbits=31)
    content = b"Package: a\nVersion: 1\n\n" * 1_300_000
    yield packer.compress(header(STATUS, size=len(content)))
    yield packer.compress(padded(content) + END) + packer.flush()


def zip_bomb():
    yield bomb(1 << 30)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        ("million_files()", "entries"),
        ("million_packages()", "kept"),
        ("deep_folders()", "kept"),
        ("zip_bomb()", "times its size"),
        ("hungry_files()", "read"),
        ("crowded_status()", "packages"),
    ],
)
def test_memory_stays_bounded(stream, sentence):
    """In a process of its own, whose peak is of nothing else."""
    program = textwrap.dedent(MEASURED.format(stream=stream))
    began = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    said, megabytes = answer.stdout.strip().rsplit("\n", 1)

    assert sentence in said
    assert int(megabytes) < 150
    assert time.monotonic() - began < 90
