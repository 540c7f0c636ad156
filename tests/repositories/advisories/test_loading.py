"""Loading advisories: again and again, from several places, in any state."""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from repositories.models import (
    Advisory,
    AdvisoryLoad,
    AdvisoryPackage,
    PackageNews,
)
from repositories.scanning.advisories import UnusableSource
from repositories.services.advisories import NothingReadable, load
from repositories.services.advisories.matching import match
from tests.repositories.scanning.advisories.records import (
    VECTOR,
    before,
    record,
    write,
)

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "advisories"
LATER = "2026-06-06T00:00:00Z"


def test_records_are_stored_as_they_are_matched(db, tmp_path):
    one = record(
        "PYSEC-2026-1",
        *before("4.2"),
        versions=("1.0",),
        aliases=["CVE-2026-1111"],
        summary="A hole",
        severity=[{"type": "CVSS_V3", "score": VECTOR}],
    )
    loaded = load(path=write(tmp_path, one), source="pypa")
    assert (loaded.read, loaded.new, loaded.failed) == (1, 1, 0)
    assert loaded.touched == {("PyPI", "django")}
    row = Advisory.objects.get()
    assert row.vulnerabilities == [["CVE-2026-1111", "PYSEC-2026-1"]]
    assert (row.cvss3_score, row.summary, row.source) == (9.8, "A hole", "pypa")
    listing = row.packages.get()
    assert listing.ranges == [[["introduced", "0"], ["fixed", "4.2"]]]
    assert listing.versions == ["1.0"]
    assert AdvisoryLoad.objects.get().records == 1


def test_what_comes_along_with_an_ecosystem_vouches_for_nothing(db, tmp_path):
    both = record("GHSA-1", *before("4.2"))
    beside = record(package="minimist", ecosystem="npm", versions=("1.0.0",))
    both["affected"] += beside["affected"]
    load(path=write(tmp_path / "PyPI", both, record("PYSEC-2026-1", *before("2"))))
    purls = ("pkg:pypi/flask@1.0", "pkg:npm/left-pad@1.0.0", "pkg:npm/minimist@1.0.0")
    known = match(purls=purls)
    assert [one.id for one in known.findings] == ["GHSA-1"]
    assert known.gap
    assert known.gap.reason == "no advisories for npm are loaded"
    load(path=write(tmp_path / "npm", beside | {"id": "GHSA-2"}))
    assert match(purls=purls).gap is None


def test_what_did_not_change_is_not_written(db, tmp_path):
    records = [record(f"PYSEC-2026-{n}", *before("2")) for n in range(3)]
    write(tmp_path, *records)
    load(path=tmp_path)
    AdvisoryLoad.objects.update(loaded_at=timezone.now() - timedelta(days=9))
    news = list(PackageNews.objects.values())
    with CaptureQueriesContext(connection) as queries:
        loaded = load(path=tmp_path)
    assert (loaded.new, loaded.changed, loaded.unchanged) == (0, 0, 3)
    assert loaded.touched == set()
    assert list(PackageNews.objects.values()) == news
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "DELETE"))]
    assert not writes
    # But the operator has vouched for it once more.
    age = timezone.now() - AdvisoryLoad.objects.get().loaded_at
    assert age < timedelta(minutes=1)


def test_what_changed_is_replaced(db, tmp_path):
    load(path=write(tmp_path, record("PYSEC-2026-1", *before("2"))))
    other = record("PYSEC-2026-1", *before("3"), package="flask", modified=LATER)
    loaded = load(path=write(tmp_path, other))
    assert (loaded.new, loaded.changed) == (0, 1)
    assert loaded.touched == {("PyPI", "django"), ("PyPI", "flask")}
    assert AdvisoryPackage.objects.get().package == "flask"
    assert PackageNews.objects.filter(changed_at=None).count() == 0


def test_an_older_record_never_replaces_a_newer_one(db, tmp_path):
    new = record("PYSEC-2026-1", *before("3"), modified=LATER)
    load(path=write(tmp_path / "new", new), source="new")
    old = record("PYSEC-2026-1", *before("2"))
    assert load(path=write(tmp_path / "old", old), source="old").unchanged == 1
    same_time = record("PYSEC-2026-1", *before("9"), modified=LATER)
    path = write(tmp_path / "other", same_time)
    assert load(path=path, source="other").unchanged == 1
    assert load(path=path, source="new").changed == 1


def test_a_withdrawn_record_lists_nothing_any_more(db, tmp_path):
    one = record("PYSEC-2026-1", *before("2"))
    load(path=write(tmp_path, one))
    loaded = load(path=write(tmp_path, one | {"withdrawn": LATER, "modified": LATER}))
    assert (loaded.changed, loaded.withdrawn) == (1, 1)
    assert Advisory.objects.get().withdrawn_at
    assert not AdvisoryPackage.objects.exists()
    assert loaded.touched == {("PyPI", "django")}


def test_only_pruning_removes_what_is_gone_and_only_the_sources_own(db, tmp_path):
    load(path=write(tmp_path / "a", record("A-1", *before("2"))), source="other")
    path = write(tmp_path / "b", record("B-1", *before("2")))
    write(path, record("B-2", *before("2"), ecosystem="npm"))
    load(path=path, source="b")
    (path / "B-2.json").unlink()
    (path / "B-3.json").write_text("{broken")
    assert load(path=path, source="b").removed == 0
    assert Advisory.objects.count() == 3
    loaded = load(path=path, source="b", prune=True)
    assert (loaded.removed, loaded.touched) == (1, {("npm", "django")})
    assert set(Advisory.objects.values_list("identifier", flat=True)) == {"A-1", "B-1"}
    assert set(AdvisoryLoad.objects.times()) == {"PyPI"}


def test_a_record_that_cannot_be_read_now_is_not_taken_for_gone(db, tmp_path):
    path = write(tmp_path, record("B-1", *before("2")), record("B-2", *before("2")))
    load(path=path, source="b")
    (path / "B-2.json").write_text("{broken")
    loaded = load(path=path, source="b", prune=True)
    assert (loaded.removed, loaded.failed) == (0, 1)
    assert Advisory.objects.count() == 2


def test_one_unreadable_record_stops_no_load(db, tmp_path):
    write(tmp_path, record("A-1", *before("2")), record("A-2", {"fixed": "2"}))
    (tmp_path / "notes.json").write_text('{"name": "no record"}')
    (tmp_path / "bomb.yaml").write_text("[" * 100_000)
    loaded = load(path=tmp_path)
    assert (loaded.read, loaded.new, loaded.failed) == (1, 1, 2)
    assert [name for name, _ in loaded.unreadable] == ["A-2.json", "bomb.yaml"]


def test_of_one_id_in_two_files_the_later_counts(db, tmp_path):
    for name, version, at in (("a", "3", LATER), ("b", "2", "2026-01-01T00:00:00Z")):
        one = record("X-1", *before(version), modified=at)
        (tmp_path / f"{name}.json").write_text(json.dumps(one))
    load(path=tmp_path)
    assert AdvisoryPackage.objects.get().ranges[0][1] == ["fixed", "3"]
    assert load(path=tmp_path).changed == 0


def test_what_no_image_holds_is_not_kept(db, tmp_path):
    path = write(tmp_path, record("OSV-1", *before("2"), ecosystem="OSS-Fuzz"))
    assert load(path=path).unlisted == 1
    assert not Advisory.objects.exists()


@pytest.mark.parametrize("content", [None, "no record"])
def test_a_path_without_records_is_said_so(db, tmp_path, content):
    if content:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(NothingReadable):
        load(path=tmp_path)
    assert not AdvisoryLoad.objects.exists()


def test_a_load_that_is_cut_short_makes_nothing_newer(db, tmp_path):
    records = [record(f"A-{n}", *before("2")) for n in range(600)]
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in records:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
        for number in range(6):
            archive.writestr(f"Z-{number}.json", b" " * 31 * 1024 * 1024)
    with pytest.raises(UnusableSource):
        load(path=path)
    assert Advisory.objects.count() == 500
    assert not AdvisoryLoad.objects.exists()
    # Whoever matched in the meantime will hear of what was stored.
    assert PackageNews.objects.filter(changed_at=None).exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real advisories are not here")
def test_the_real_records_are_loaded_whole(db):
    loaded = load(path=SHARED)
    assert (loaded.read, loaded.new, loaded.failed) == (177, 177, 0)
    assert loaded.ecosystems == {"PyPI": 177 - loaded.withdrawn}
    assert load(path=SHARED).unchanged == 177


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_store_everything_once(several_connections, tmp_path):
    records = [record(f"A-{n}", *before("2"), package=f"p{n}") for n in range(1200)]
    paths = write(tmp_path / "a", *records), write(tmp_path / "b", *records[::-1])

    def run(path):
        with closing(connection):
            return load(path=path).failed

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert list(pool.map(run, paths)) == [0, 0]
    assert Advisory.objects.count() == AdvisoryPackage.objects.count() == 1200
    assert PackageNews.objects.exclude(changed_at=None).count() == 1200


def test_the_command_says_what_it_did(db, tmp_path, capsys):
    write(tmp_path, record("A-1", *before("2")), record("A-2", {"fixed": "2"}))
    call_command("load_advisories", str(tmp_path))
    said = capsys.readouterr()
    assert "Read 1 advisories: 1 new, 0 changed, 0 unchanged" in said.out
    assert "PyPI: 1" in said.out
    assert "Matched 0 scans again" in said.out
    assert "unreadable: A-2.json: The field affected[0].ranges[0] names no" in said.err
    assert "The newest of them is of 2026-01-02: is the copy kept current?" in said.err


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_the_command_fails_where_nothing_is_read(db, tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="There is n"):
        call_command("load_advisories", str(tmp_path / name))
