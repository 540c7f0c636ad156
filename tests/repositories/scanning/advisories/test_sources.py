"""Folders and zips of strangers: what is read of them, and what never is."""

from __future__ import annotations

import io
import os
import zipfile
from itertools import islice

import pytest

from repositories.scanning.advisories import UnreadableRecord, UnusableSource, opened


def _zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_checkout_is_read_without_what_is_hidden(tmp_path):
    for name in ("vulns/django/PYSEC-1.yaml", "a.json", "B.YML", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name in (".git/x.json", ".github/x.yaml", ".hidden.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with opened(tmp_path) as files:
        assert files.names == ["B.YML", "a.json", "vulns/django/PYSEC-1.yaml"]
        assert files.read("a.json") == b"a.json"


def test_no_link_is_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file.json").symlink_to(outside / "secret.json")
    (inside / "folder").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    os.mkfifo(inside / "pipe.json")
    (inside / "real.json").write_text("{}")
    with opened(inside) as files:
        assert files.names == ["real.json"]
        (inside / "real.json").unlink()
        (inside / "real.json").symlink_to(outside / "secret.json")
        with pytest.raises(UnreadableRecord):
            files.read("real.json")


def test_a_zip_is_read_where_it_lies(tmp_path):
    names = ("CVE-1.json", "../../escape.json", "/etc/root.json", "x/.hidden.json")
    path = _zip(tmp_path / "all.zip", dict.fromkeys(names, "{}") | {"README": "no"})
    with opened(path) as files:
        assert files.names == ["../../escape.json", "/etc/root.json", "CVE-1.json"]
        assert [files.read(name) for name in files.names] == [b"{}"] * 3
    assert list(tmp_path.iterdir()) == [path]
    assert not (tmp_path.parent.parent / "escape.json").exists()


def test_a_file_that_unpacks_endlessly_is_cut(tmp_path):
    path = _zip(tmp_path / "all.zip", {"bomb.json": b" " * (40 * 1024 * 1024)})
    with opened(path) as files:
        assert len(files.read("bomb.json")) == 32 * 1024 * 1024 + 1


def test_a_zip_that_unpacks_endlessly_is_given_up(tmp_path):
    bomb = b" " * (30 * 1024 * 1024)
    path = _zip(tmp_path / "all.zip", {f"{n}.json": bomb for n in range(8)})
    with opened(path) as files:
        sizes = (len(files.read(name)) for name in files.names)
        read = list(islice(sizes, 2))
        with pytest.raises(UnusableSource):
            read += sizes
    assert sum(read) < 150 * 1024 * 1024


def test_damaged_members_are_refused_alone(tmp_path):
    members = {"a.json": os.urandom(5000), "b.json": b"{}"}
    path = _zip(tmp_path / "all.zip", members, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[2000] ^= 0xFF
    path.write_bytes(raw)
    with opened(path) as files:
        with pytest.raises(UnreadableRecord):
            files.read("a.json")
        assert files.read("b.json") == b"{}"


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_said_so(tmp_path, content):
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    with pytest.raises(UnusableSource), opened(path):
        pass


def test_a_path_that_is_missing_is_said_so(tmp_path):
    missing = tmp_path / "missing"
    said = pytest.raises(UnusableSource, match="neither a folder nor a zip")
    with said, opened(missing):
        pass


def test_an_encrypted_member_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.json", "{}")
    raw = bytearray(buffer.getvalue())
    raw[6] |= 1  # the local header's flag of encryption
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # and the directory's
    path = tmp_path / "all.zip"
    path.write_bytes(raw)
    with opened(path) as files, pytest.raises(UnreadableRecord, match="encrypted"):
        files.read("a.json")
