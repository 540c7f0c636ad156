from __future__ import annotations

import struct
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repositories.scanning.inventory.readers import rpm
from repositories.scanning.report import Kind, Place
from tests.repositories.scanning.inventory import rpm_databases as databases
from tests.repositories.scanning.inventory.layers import Content, Link, found, scanned

RELEASE = 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="9.2"\n'
KEY = databases.header({databases.NAME: "gpg-pubkey", databases.VERSION: "fd431d51"})
PACKAGES = [
    databases.package("bash", "5.1.8"),
    KEY,
    databases.package("bind-libs", "9.16.23", epoch=32, padding=9_000),
]
PURLS = [
    (
        "pkg:rpm/redhat/bash@5.1.8-3.el9?arch=x86_64&distro=rhel-9.2"
        "&upstream=bash-src-5.1.8-3.el9.src.rpm"
    ),
    (
        "pkg:rpm/redhat/bind-libs@9.16.23-3.el9?arch=x86_64&distro=rhel-9.2&epoch=32"
        "&upstream=bind-libs-src-9.16.23-3.el9.src.rpm"
    ),
]


def read(content, is_late=lambda: False, max_packages=1_000):
    return rpm.read_database(iter([content]), is_late, max_packages)


@pytest.mark.parametrize("folder", ["var/lib/rpm", "usr/lib/sysimage/rpm"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("rpmdb.sqlite", "sqlite"),
        ("Packages.db", "ndb"),
        ("Packages", "berkeley"),
    ],
)
def test_every_form_of_the_database_is_read(tmp_path, folder, name, form):
    write = {
        "sqlite": lambda: databases.sqlite(tmp_path / "db", PACKAGES),
        "ndb": lambda: databases.ndb(PACKAGES),
        "berkeley": lambda: databases.berkeley(PACKAGES),
    }[form]
    report = scanned({"etc/os-release": RELEASE, f"{folder}/{name}": write()})

    assert [component.purl for component in report.components] == PURLS
    assert report.components[0].licenses == ("GPL-2.0-or-later AND MIT",)
    assert report.components[0].places == (Place("layer-0", f"{folder}/{name}"),)
    assert report.coverage == {Kind.COMPONENTS: None, Kind.LICENSES: None}


def test_a_berkeley_database_of_the_other_byte_order_is_read():
    assert len(read(databases.berkeley(PACKAGES, ">")).packages) == 2


def test_the_old_place_may_be_a_link_to_the_new(tmp_path):
    database = databases.sqlite(tmp_path / "db", PACKAGES)
    image: dict[str, Content] = {
        "var/lib/rpm": Link("../../usr/lib/sysimage/rpm"),
        "usr/lib/sysimage/rpm/rpmdb.sqlite": database,
    }
    assert len(found(image)) == 2


def test_what_was_never_written_into_the_database_is_missing(tmp_path):
    database = databases.sqlite(tmp_path / "db", PACKAGES)
    folder = "var/lib/rpm"
    image = {f"{folder}/rpmdb.sqlite": database, f"{folder}/rpmdb.sqlite-wal": b""}

    assert scanned(image).coverage[Kind.COMPONENTS] is None

    image[f"{folder}/rpmdb.sqlite-wal"] = b"x" * 100
    gap = scanned(image).coverage[Kind.COMPONENTS]

    assert gap is not None
    assert "never written" in gap.reason


HOSTILE_SCHEMAS = {
    "view": ("CREATE VIEW Packages AS SELECT zeroblob(1000000000) AS blob",),
    "endless view": (
        (
            "CREATE VIEW Packages AS WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL "
            "SELECT n + 1 FROM x) SELECT CAST(n AS BLOB) AS blob FROM x"
        ),
    ),
    "view of a table": (
        "CREATE TABLE Other (blob BLOB)",
        "INSERT INTO Other VALUES (x'00')",
        "CREATE VIEW Packages AS SELECT blob FROM Other",
    ),
    "generated column": (
        "CREATE TABLE Packages (x, blob AS (zeroblob(1000000000)))",
        "INSERT INTO Packages (x) VALUES (1)",
    ),
    "virtual table": ("CREATE VIRTUAL TABLE Packages USING fts5(blob)",),
    "no such table": ("CREATE TABLE Others (blob)",),
    "text": (
        "CREATE TABLE Packages (blob)",
        "INSERT INTO Packages VALUES ('text')",
    ),
    "numbers": ("CREATE TABLE Packages (blob)", "INSERT INTO Packages VALUES (7)"),
}


@pytest.mark.parametrize("schema", HOSTILE_SCHEMAS.values(), ids=HOSTILE_SCHEMAS)
def test_a_database_that_does_more_than_hold_a_table_is_a_gap(tmp_path, schema):
    began = time.process_time()
    answer = read(databases.sqlite(tmp_path / "db", [], *schema))

    assert answer.problem == "it is damaged, or no database of RPM"
    assert time.process_time() - began < 2


def test_the_time_is_kept_and_the_packages_are_counted(tmp_path):
    database = databases.sqlite(tmp_path / "db", PACKAGES)

    assert read(database, is_late=lambda: True).problem
    assert read(database, max_packages=1).problem
    assert read(databases.ndb(PACKAGES), max_packages=1).problem
    assert read(databases.berkeley(PACKAGES), is_late=lambda: True).problem


def test_no_copy_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for content in (databases.ndb(PACKAGES), b"garbage" * 1_000):
        read(content)

    assert list(Path(tmp_path).iterdir()) == []


def round_and_round():
    """A long value whose pages follow one another in a circle."""
    blob = bytearray(databases.berkeley([databases.package("a", "1", padding=50_000)]))
    struct.pack_into("<I", blob, 3 * databases.PAGE + 16, 2)
    return bytes(blob)


def shared():
    """Many long values that all claim the same pages."""
    headers = [databases.package("a", "1", padding=500_000)] * 100
    blob = bytearray(databases.berkeley(headers)[: 130 * databases.PAGE])
    page = blob[databases.PAGE : 2 * databases.PAGE]
    at = page.find(struct.pack("<B3x", 3))
    while at > 26:
        struct.pack_into("<I", page, at + 4, 2)
        at = page.find(struct.pack("<B3x", 3), at + 12)
    blob[databases.PAGE : 2 * databases.PAGE] = page
    return bytes(blob)


DAMAGED = {
    "nothing": b"",
    "text": b"x" * 5_000,
    "only SQLite's beginning": b"SQLite format 3\0" + b"\xff" * 5_000,
    "only NDB's beginning": b"RpmP" + b"\xff" * 5_000,
    "NDB of a later version": b"RpmP\1" + bytes(5_000),
    "cut NDB": databases.ndb(PACKAGES)[:-9_000],
    "NDB of bytes": databases.ndb([b"\xff" * 64]),
    "huge header": databases.ndb([struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF)]),
    "negative place": databases.ndb(
        [struct.pack(">II", 1, 0) + struct.pack(">IIiI", 1000, 6, -1, 1)]
    ),
    "cut Berkeley": databases.berkeley(PACKAGES)[:-5_000],
    "Berkeley of nothing": databases.berkeley(PACKAGES)[:12] + bytes(8_000),
    "pages in a circle": round_and_round(),
    "shared pages": shared(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_databases_are_a_gap(content):
    began = time.process_time()

    assert read(content).problem
    assert time.process_time() - began < 2


FORMS = [databases.ndb(PACKAGES), databases.berkeley(PACKAGES)]


@settings(max_examples=200)
@given(
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 9_000), st.binary(min_size=1, max_size=8))),
)
def test_damage_anywhere_is_a_gap_or_read(form, damages):
    blob = bytearray(form)
    for at, value in damages:
        blob[at : at + len(value)] = value

    assert read(bytes(blob)).source == "rpm"
