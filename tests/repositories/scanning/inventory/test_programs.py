from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.scanning.inventory.readers.golang import read_program
from repositories.scanning.report import Kind
from tests.repositories.scanning.inventory.layers import (
    OS_RELEASE,
    STATUS,
    Content,
    chunks,
    dpkg,
    found,
    metadata,
    scanned,
)
from tests.repositories.scanning.inventory.programs import elf, go_information

LINES = [
    "path\texample.org/team/app/cmd/app",
    "mod\texample.org/team/app\t(devel)\t",
    "dep\tgithub.com/spf13/cobra\tv1.8.0\th1:abc=",
    "dep\tgolang.org/x/net\tv0.17.0",
    "=>\tgithub.com/fork/net\tv0.17.1\th1:def=",
    "dep\texample.org/other\tv1.0.0",
    "=>\t./local\t",
    "build\t-compiler=gc",
    "build\tCGO_ENABLED=0",
    "",
]
MODULES = "\n".join(LINES)
PROGRAM = elf(bytes(10_000 - 10_000 % 16) + go_information("go1.22.3", MODULES))


def test_a_go_program_names_its_modules():
    report = scanned({"usr/local/bin/app": PROGRAM})

    assert {component.purl for component in report.components} == {
        "pkg:golang/stdlib@v1.22.3",
        "pkg:golang/example.org/team/app",
        "pkg:golang/github.com/spf13/cobra@v1.8.0",
        "pkg:golang/github.com/fork/net@v0.17.1",
        "pkg:golang/example.org/other",
    }
    assert report.coverage[Kind.COMPONENTS] is None
    gap = report.coverage[Kind.LICENSES]
    assert gap is not None
    assert gap.unscannable
    assert "Go programs name no licenses" in gap.reason


@given(st.integers(0, 70), st.integers(1, 5_000))
def test_the_information_is_found_wherever_pieces_are_cut(blocks, size):
    program = elf(bytes(16 * blocks) + go_information("go1.22.3", MODULES) + b"rest")
    read = read_program(chunks(program, size))

    assert read.go is not None
    assert len(read.go.packages) == 5


def test_what_only_looks_like_the_information_is_passed_over():
    decoys = [
        b"\xff Go buildinf:",  # as a text in a program that reads others
        b"\xff Go buildinf:\x08\x02".ljust(32, b"\xff"),
        b"\xff Go buildinf:\xff\xff".ljust(32, b"\0"),
        go_information("python3", MODULES),
    ]
    body = b"".join(decoy + bytes(-len(decoy) % 16) for decoy in decoys)
    unaligned = bytes(8) + go_information("go1.0", "") + bytes(16)
    unaligned += bytes(-len(unaligned) % 16)
    program = elf(body + unaligned + go_information("go1.22.3 X:boringcrypto", ""))

    read = read_program(chunks(program, 100))

    assert read.go is not None
    assert [package.version for package in read.go.packages] == ["v1.22.3"]


def test_the_form_of_old_go_is_a_gap():
    program = elf(b"\xff Go buildinf:\x08\x00".ljust(2_000, b"\0"))
    gap = scanned({"app": program}).coverage[Kind.COMPONENTS]

    assert gap is not None
    assert "Go before 1.18" in gap.reason


DEBIAN: dict[str, Content] = {
    "etc/os-release": OS_RELEASE,
    STATUS: dpkg(("base-files", "12")),
}


@pytest.mark.parametrize(
    ("path", "program", "missing"),
    [
        ("app/server", elf(), True),
        ("usr/local/bin/tool", elf(), True),
        ("app/static-pie", elf(kind=3), True),
        ("app/big-endian", elf(is_64=False), True),
        ("app/dynamic", elf(loader=True), False),
        ("app/dynamic-32", elf(loader=True, is_64=False), False),
        ("sbin/ldconfig", elf(), False),
        ("usr/lib/locale/tool", elf(), False),
        ("app/libx.so.1", elf(kind=3), False),
        ("app/addon.node", elf(kind=3), False),
        ("app/object.o", elf(kind=1), False),
        ("app/cut", elf()[:40], False),
        ("app/text", b"\x7fELOT" + bytes(100), False),
    ],
)
def test_a_static_program_that_no_package_tells_of_is_a_gap(path, program, missing):
    gap = scanned({**DEBIAN, path: program}).coverage[Kind.COMPONENTS]

    assert (gap is not None) is missing
    if gap:
        assert path in gap.reason
        assert gap.unscannable


def test_a_static_program_that_is_removed_is_no_gap():
    report = scanned({**DEBIAN, "app/server": elf()}, {"app/.wh.server": b""})

    assert report.coverage[Kind.COMPONENTS] is None


def test_programs_beside_packages_need_a_database_that_tells_of_them():
    """A Python package alone does not tell what the interpreter was made of."""
    image: dict[str, Content] = {
        "app/a-1.dist-info/METADATA": metadata("a", "1"),
        "usr/bin/python3": elf(loader=True),
    }
    gap = scanned(image).coverage[Kind.COMPONENTS]

    assert gap is not None
    assert "1 programs are not described" in gap.reason


@pytest.mark.skipif(
    not shutil.which("docker-registry"), reason="no docker-registry on PATH"
)
def test_a_real_go_program():
    program = Path(str(shutil.which("docker-registry"))).read_bytes()
    (stdlib, *_) = found({"usr/bin/docker-registry": program}).values()

    assert stdlib.purl.startswith("pkg:golang/stdlib@v1.")
    assert stdlib.licenses == ("BSD-3-Clause",)


@given(st.binary(max_size=3_000), st.integers(1, 700))
def test_no_program_breaks_the_reading(body, size):
    read_program(chunks(elf(bytes(48) + b"\xff Go buildinf:\x08\x02" + body), size))
    read_program(chunks(b"\x7fELF" + body, size))
