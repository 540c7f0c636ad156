"""What is read in records of many databases, and which records are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

import pytest

from repositories.scanning.advisories import (
    Rating,
    UnreadableRecord,
    advisory,
    is_record,
    parsed,
)
from tests.repositories.scanning.advisories.records import (
    VECTOR,
    before,
    read,
    record,
)


def test_a_record_is_read_whole():
    found = read(
        "GHSA-AAAA-bbbb-CCCC",
        *before("4.2"),
        package="Zope.Interface__x",
        aliases=["CVE-2026-1234", "PYSEC-2026-7"],
        related=["CVE-2026-9999"],
        summary="A hole",
        withdrawn="2026-02-03T00:00:00Z",
        references=[
            {"type": "WEB", "url": "https://example.com/web"},
            {"type": "ADVISORY", "url": "javascript:alert(1)"},
            {"type": "ADVISORY", "url": "https://example.com/advisory"},
        ],
        severity=[{"type": "CVSS_V3", "score": VECTOR}],
        database_specific={"severity": "HIGH"},
    )
    assert found.id == "GHSA-aaaa-bbbb-cccc"
    assert found.vulnerabilities == (
        ("CVE-2026-1234", "GHSA-aaaa-bbbb-cccc", "PYSEC-2026-7"),
    )
    assert found.withdrawn == datetime(2026, 2, 3, tzinfo=UTC)
    assert found.summary == "A hole"
    assert found.link == "https://example.com/advisory"
    assert found.rating == Rating("high", 9.8, None, VECTOR)
    assert found.affected[0].package == "zope-interface-x"


@pytest.mark.parametrize(
    ("identifier", "values", "ids"),
    [
        ("PYSEC-2026-1", {}, ["PYSEC-2026-1"]),
        ("CVE-2026-1111", {"aliases": ["CVE-2026-1000"]}, ["CVE-2026-1000"]),
        ("DEBIAN-CVE-2026-1111", {"upstream": ["CVE-2026-1111"]}, ["CVE-2026-1111"]),
        ("DSA-1-1", {"aliases": ["CVE-2026-2222", "CVE-2026-1111"]}, None),
        ("USN-1-1", {"upstream": ["CVE-2026-2222", "CVE-2026-1111"]}, None),
        ("ALSA-2026:1", {"related": ["CVE-2026-1111", "CVE-2026-2222"]}, None),
    ],
)
def test_vulnerabilities_are_known_by_their_cve(identifier, values, ids):
    found = read(identifier, *before("2"), **values)
    both = ["CVE-2026-1111", "CVE-2026-2222"]
    assert [names[0] for names in found.vulnerabilities] == (ids or both)
    if ids is None:
        assert all(len(names) == 1 for names in found.vulnerabilities)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Debian:12", "Debian:12"),
        ("Debian", "Debian"),
        ("Ubuntu:22.04:LTS", "Ubuntu:22.04"),
        ("Ubuntu:Pro:18.04:LTS", "Ubuntu:18.04"),
        ("Alpine:v3.18", "Alpine:v3.18"),
        ("Red Hat:enterprise_linux:9::baseos", "Red Hat:9"),
        ("Rocky Linux:9", "Rocky Linux:9"),
        ("Maven:https://maven.example.com", "Maven"),
    ],
)
def test_releases_are_named_as_those_of_images(written, known):
    found = read("X-1", *before("2"), ecosystem=written)
    assert [one.ecosystem for one in found.affected] == [known]


@pytest.mark.parametrize(
    "written",
    [
        *("OSS-Fuzz", "Ubuntu:Pro:FIPS:22.04:LTS", "Red Hat:rhel_eus:9.2::baseos"),
        *("Red Hat", "Alpine", "Ubuntu:Pro:22.04:LTS:Realtime:Kernel", ""),
    ],
)
def test_what_no_image_holds_is_left_out(written):
    assert not read("X-1", *before("2"), ecosystem=written).affected


@pytest.mark.parametrize(
    ("values", "rating"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]}, Rating()),
        ({"severity": [{"type": "CVSS_V9", "score": VECTOR}]}, Rating()),
        ({"severity": [{"type": "Ubuntu", "score": "medium"}]}, Rating("medium")),
        ({"severity": "high", "database_specific": "x"}, Rating()),
        ({"database_specific": {"severity": "MODERATE"}}, Rating("moderate")),
        ({"summary": "Important: kernel update"}, Rating("important")),
    ],
)
def test_severities_are_taken_where_databases_write_them(values, rating):
    assert read("X-1", *before("2"), **values).rating == rating


def test_a_score_of_cvss_4_alone_gives_a_word():
    vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"
    found = read("X-1", *before("2"), severity=[{"type": "CVSS_V4", "score": vector}])
    assert found.rating == Rating("critical", None, None, vector)


@pytest.mark.parametrize(
    ("urgency", "word"),
    [("unimportant", "negligible"), ("not yet assigned", ""), ("high", "high")],
)
def test_debian_says_how_urgent_it_is_in_each_release(urgency, word):
    one = record("DEBIAN-CVE-2026-1", *before("2"), ecosystem="Debian:12")
    one["affected"][0]["ecosystem_specific"] = {"urgency": urgency}
    assert advisory(one).affected[0].rating.severity == word


def test_the_fix_of_ubuntu_pro_ends_the_range_without_one():
    one = record("UBUNTU-CVE-2026-1", ecosystem="Ubuntu:22.04:LTS", package="vips")
    open_end = record("-", {"introduced": "0"}, ecosystem="Ubuntu:22.04:LTS")
    fixed = record("-", *before("8-1~esm1"), ecosystem="Ubuntu:Pro:22.04:LTS")
    one["affected"] = open_end["affected"] + fixed["affected"]
    (found,) = advisory(one).affected
    assert found.ranges == ((("introduced", "0"), ("fixed", "8-1~esm1")),)


def test_a_package_named_twice_is_affected_by_either():
    one = record("X-1", *before("2"))
    one["affected"] += record("-", *before("4"), versions=("9",))["affected"]
    (found,) = advisory(one).affected
    assert (len(found.ranges), found.versions) == (2, ("9",))


def test_commits_are_no_versions():
    one = record("X-1", *before("abc"))
    one["affected"][0]["ranges"][0]["type"] = "GIT"
    assert not advisory(one).affected


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": ""}, "Its id must have 1 to 100 characters."),
        ({"id": "x" * 101}, "Its id must have 1 to 100 characters."),
        ({"modified": "yesterday"}, "Its field modified is no time."),
        ({"modified": None}, "It does not say when it was modified."),
        ({"withdrawn": "maybe"}, "Its field withdrawn is no time."),
        ({"affected": "all"}, "The field affected must be a list."),
        ({"affected": ["all"]}, "The field affected[0] must be an object."),
    ],
)
def test_a_record_that_cannot_be_right_is_refused(change, sentence):
    with pytest.raises(UnreadableRecord) as refused:
        advisory(record("X-1", *before("2")) | change)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "events",
    [
        [],
        [{"fixed": "2"}],
        [{"introduced": ["0"]}],
        [{"introduced": "x" * 201}],
        [{"introduced": "\0"}],
        [{"introduced": "0"}, "fixed"],
        [{"introduced": "0"}] * 5001,
    ],
)
def test_ranges_that_say_nothing_are_refused(events):
    one = record("X-1", *before("2"))
    one["affected"][0]["ranges"][0]["events"] = events
    with pytest.raises(UnreadableRecord):
        advisory(one)


def test_two_records_that_say_the_same_have_one_fingerprint():
    one = record("X-1", *before("2"))
    touched = one | {"schema_version": "1.7.0", "details": ""}
    other = record("X-1", *before("3"))
    assert advisory(one).fingerprint == advisory(touched).fingerprint
    assert advisory(one).fingerprint != advisory(other).fingerprint


def test_yaml_gives_texts_and_nothing_else():
    text = (
        "id: PYSEC-1\nmodified: 2026-01-02T03:04:05Z\nwithdrawn: ~\naffected:\n"
        "- package: {ecosystem: PyPI, name: django}\n  versions: [1.10, 2, 'null']\n"
    )
    found = advisory(parsed(text.encode(), "PYSEC-1.yaml"))
    assert found.affected[0].versions == ("1.10", "2", "null")
    assert found.withdrawn is None


def test_json_numbers_are_the_digits_they_are_written_with():
    raw = b'{"versions": [1.10, 12345678901234567890123]}'
    assert parsed(raw, "x.json") == {"versions": ["1.10", "12345678901234567890123"]}


def _laughs(merge: str = "") -> str:
    lines = [f"a0: &a0 {{x: y}}{merge}"]
    for level in range(1, 12):
        names = ", ".join([f"*a{level - 1}"] * 9)
        value = f"{{<<: [{names}]}}" if merge else f"[{names}]"
        lines.append(f"a{level}: &a{level} {value}")
    return "\n".join(lines)


HOSTILE = {
    "references.yaml": _laughs(),
    "itself.yaml": "&a [*a]",
    "deep.yaml": "[" * 100_000,
    "deep-blocks.yaml": "- " * 20_000 + "x",
    "closed.yaml": "[" * 900 + "]" * 900,
    "merge.yaml": _laughs(merge=" "),
    "unfinished.yaml": "a: [",
    "deep.json": "[" * 100_000 + "]" * 100_000,
    "broken.json": '{"id": ',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_at_once(name):
    began = monotonic()
    with pytest.raises(UnreadableRecord):
        advisory(parsed(HOSTILE[name].encode(), name))
    assert monotonic() - began < 5


def test_neither_tags_nor_merge_keys_mean_anything():
    text = "a: &a {x: y}\nb: {<<: *a}\nc: !!python/object/apply:os.getpid []\n"
    assert parsed(text.encode(), "x.yaml") == {
        "a": {"x": "y"},
        "b": {"<<": {"x": "y"}},
        "c": [],
    }


def test_huge_numbers_and_broken_text_are_no_trouble():
    assert parsed(b"a: " + b"9" * 1_000_000, "x.yml")["a"] == "9" * 1_000_000
    with pytest.raises(UnreadableRecord):
        parsed(b"\xff\xfe\x00", "x.yaml")
    with pytest.raises(UnreadableRecord):
        parsed(b" " * (32 * 1024 * 1024 + 1), "x.json")


def test_other_documents_are_told_from_records():
    assert is_record({"id": "X-1", "modified": "2026"})
    assert is_record({"affected": []})
    assert not any(map(is_record, (None, [], "x", {"id": "1"}, {"name": "x"})))
