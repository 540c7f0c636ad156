"""Which versions are affected, in the order of each ecosystem."""

from __future__ import annotations

import random
import shutil
import subprocess
from functools import cmp_to_key
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repositories.scanning.advisories import (
    Listing,
    Rating,
    advisory,
    is_record,
    match,
    opened,
    parsed,
)
from repositories.scanning.advisories.evaluation import judge, within
from repositories.scanning.advisories.versions import compare, family_of
from repositories.scanning.ecosystems import Package

SHARED = Path(__file__).parents[4].parent / "shared" / "data" / "advisories"

# Of each ecosystem some versions, oldest first.
ORDERS = {
    "PyPI": "0.9 1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0.post1 1.0.1 1.9 1.10 2!0.1",
    "npm": (
        "0.0.1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.0.9 1.10.0"
    ),
    "Go": "v0.0.0-20200101000000-abcdefabcdef v0.1.0 1.2.0-rc.1 v1.2.0 go1.21.3 v2.0.0",
    "Maven": "1.0-alpha-1 1.0-beta 1.0-rc1 1.0-SNAPSHOT 1.0 1.0-sp 1.0.1 1.2 1.10",
    "RubyGems": "0.9 1.0.0.pre1 1.0.0.rc2 1.0.0 1.0.0.1 1.2 1.10",
    "crates.io": "0.1.0 0.1.20 0.2.0-rc.1 0.2.0 1.0.0",
    "NuGet": "1.0.0-alpha 1.0.0-beta 1.0.0 1.0.0.1 1.0.1 1.10.0",
    "Packagist": (
        "1.0.0-dev 1.0.0-alpha1 v1.0.0-beta.2 1.0.0-RC2 1.0.0RC10 1.0 1.0.0-p1 1.0.0.4"
        " 1.0.0.10 v1.2 1.10"
    ),
    "Debian:12": (
        "1.0~beta1 1.0~rc1-1 1.0-1 1.0-1+deb12u1 1.0-1.1 1.0+dfsg-1 1.0.1-1 1:0.1-1"
    ),
    "Alpine:v3.20": (
        "1.2.4_alpha1-r0 1.2.4_rc2-r0 1.2.4-r0 1.2.4-r2 1.2.4-r10"
        " 1.2.4_git20230717-r4 1.2.5-r0 1.10.0-r0"
    ),
    "AlmaLinux:9": (
        "1.0~rc1-1.el9 1.0-1.el9 1.0-2.el9_1 1.0-10.el9 1.0.1-1.el9 1:0.1-1.el9"
    ),
}
every_ecosystem = pytest.mark.parametrize("ecosystem", ORDERS)


@every_ecosystem
def test_versions_are_in_the_order_of_their_ecosystem(ecosystem):
    family, versions = family_of(ecosystem), ORDERS[ecosystem].split()
    for older, newer in pairwise(versions):
        assert compare(family, older, newer) == -1, (older, newer)
        assert compare(family, newer, older) == 1
        assert compare(family, older, older) == 0


@pytest.mark.parametrize(
    ("family", "version"),
    [
        *(("PyPI", "unknown"), ("npm", "latest"), ("Debian", "a:b"), ("NuGet", "x")),
        *(("Packagist", "dev-main"), ("Alpine", "edge"), ("AlmaLinux", "x:1-1")),
        *(("PyPI", "1" * 201), ("PyPI", ""), ("PyPI", "\u0661.0"), ("Nowhere", "1.0")),
    ],
)
def test_what_is_no_version_cannot_be_compared(family, version):
    assert compare(family, version, "1.0") is None
    assert compare(family, "1.0", version) is None


@st.composite
def _timelines(draw):
    """An ecosystem, its versions, and for each whether it is affected."""
    ecosystem = draw(st.sampled_from(sorted(ORDERS)))
    versions = ORDERS[ecosystem].split()
    affected = draw(
        st.lists(st.booleans(), min_size=len(versions), max_size=len(versions))
    )
    ends = draw(st.sampled_from(["fixed", "last_affected"]))
    return ecosystem, versions, affected, ends


def _events(versions, affected, ends):
    """Write down as events which versions are affected."""
    before = False
    for number, (version, is_affected) in enumerate(
        zip(versions, affected, strict=True)
    ):
        if is_affected and not before:
            yield "introduced", version if number else "0"
        elif before and not is_affected:
            at = version if ends == "fixed" else versions[number - 1]
            yield ends, at
        before = is_affected


@given(_timelines(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_ranges_say_what_lists_of_versions_say(timeline, shuffling):
    ecosystem, versions, affected, ends = timeline
    family = family_of(ecosystem)
    events = list(_events(versions, affected, ends))
    shuffling.shuffle(events)
    listed = [one for one, is_it in zip(versions, affected, strict=True) if is_it]
    for number, version in enumerate(versions):
        by_range = judge(family, version, [tuple(events)] if events else [], [])
        by_list = judge(family, version, [], listed)
        assert by_range.is_affected is by_list.is_affected is affected[number]
        if affected[number] and ends == "fixed":
            later = zip(versions[number:], affected[number:], strict=True)
            free = next((one for one, is_it in later if not is_it), "")
            assert by_range.fixed_version == free


@pytest.mark.parametrize(
    ("events", "version", "expected"),
    [
        ([("introduced", "0")], "1.0", True),
        ([("introduced", "0")], "no version", True),
        ([("introduced", "0"), ("fixed", "0")], "1.0", False),
        ([("introduced", "1"), ("limit", "2"), ("limit", "4")], "3", True),
        ([("introduced", "1"), ("limit", "2")], "3", False),
        ([("introduced", "1"), ("limit", "*")], "3", True),
        ([("introduced", "0"), ("last_affected", "2")], "2", True),
        ([("introduced", "0"), ("last_affected", "2")], "2.0.1", False),
        ([("fixed", "2"), ("introduced", "1")], "1.5", True),
        ([("introduced", "1"), ("fixed", "1"), ("introduced", "1")], "1.5", True),
        ([("introduced", "0"), ("fixed", "no version")], "1", None),
        ([("introduced", "0"), ("fixed", "2")], "no version", None),
    ],
)
def test_events_mean_what_the_specification_says(events, version, expected):
    assert within("PyPI", version, tuple(events)).is_affected is expected


def test_a_list_wins_where_a_range_says_no_or_nothing():
    ranges = ((("introduced", "2"),),)
    assert judge("PyPI", "1.0", ranges, ["1.0"]).is_affected
    assert judge("PyPI", "legacy", ranges, ["legacy"]).is_affected
    assert judge("PyPI", "legacy", ranges, ["other"]).is_affected is None
    assert judge("PyPI", "legacy", (), ["other"]).is_affected is False
    assert judge("PyPI", "1.0.0", (), ["1.0"]).is_affected
    assert judge("PyPI", "", ranges, []).is_affected is None


def test_build_metadata_has_no_part_in_the_order():
    events = (("introduced", "0"), ("last_affected", "1.2.3"))
    assert within("Go", "v1.2.3+incompatible", events).is_affected


DJANGO = Package("PyPI", "django", "1.0")
OPEN = ((("introduced", "0"),),)


def _listing(*names: str, fixed: str = "", **values) -> Listing:
    ranges = ((("introduced", "0"), ("fixed", fixed)),) if fixed else OPEN
    return Listing([names], ranges, **values)


def test_two_databases_tell_of_one_vulnerability_once():
    found = match(
        DJANGO,
        [
            _listing(
                "PYSEC-1", "GHSA-x", fixed="1.2", summary="PyPA", link="https://p"
            ),
            _listing(
                "CVE-2026-1111",
                "GHSA-x",
                fixed="1.10",
                rating=Rating("high", 7.5, None, "CVSS:3.1/x"),
            ),
            _listing("CVE-2026-1111", rating=Rating("critical", None, 5.0, "")),
            _listing("CVE-2026-2222"),
        ],
    ).found
    assert [one.id for one in found] == ["CVE-2026-1111", "CVE-2026-2222"]
    assert found[0].aliases == ("PYSEC-1", "GHSA-x")
    assert found[0].fixed_version == "1.10"
    assert found[0].rating == Rating("critical", 7.5, 5.0, "CVSS:3.1/x")
    assert (found[0].summary, found[0].link) == ("PyPA", "https://p")


def test_an_announcement_tells_of_each_of_its_vulnerabilities():
    both = [("CVE-2026-1111",), ("CVE-2026-2222",)]
    found = match(DJANGO, [Listing(both, OPEN), _listing("CVE-2026-2222", "X-1")])
    assert [(one.id, one.aliases) for one in found.found] == [
        ("CVE-2026-1111", ()),
        ("CVE-2026-2222", ("X-1",)),
    ]


@pytest.mark.parametrize(
    ("version", "fixed", "is_found"),
    [
        ("1:16.1-1.el9", "1:18.2-1.module_el9.2+1", False),
        ("1:16.1-1.module_el9.1+1", "1:18.2-1.el9", False),
        ("1:16.1-1.module_el9.1+1", "1:16.2-1.module_el9.2+1", True),
        ("1:16.1-1.el9", "1:16.2-1.el9", True),
        ("1:16.1-1.el9", "", True),
    ],
)
def test_modules_of_a_distribution_are_told_apart(version, fixed, is_found):
    package = Package("AlmaLinux:9", "nodejs", version)
    found = match(package, [_listing("CVE-2026-1111", fixed=fixed)]).found
    assert bool(found) is is_found


def test_a_version_that_cannot_be_compared_is_said_so():
    package = Package("PyPI", "django", "mine")
    assert match(package, [_listing("CVE-2026-1111", fixed="2")]).is_unknown
    assert not match(package, []).is_unknown


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not on PATH")
def test_debian_versions_compare_as_dpkg_compares_them():
    chance = random.Random(5)
    parts = ["~", "+", ".", "-", "deb12u", "rc", "a", "0", "1", "9", "10", "~~"]

    def version() -> str:
        tail = "".join(chance.choices(parts, k=chance.randint(0, 5))).rstrip("-")
        return f"{chance.choice(['', '', '1:'])}{chance.randint(0, 12)}{tail}"

    compared = 0
    for _ in range(200):
        one, other = version(), version()
        ours = compare("Debian", one, other)
        if ours is None:
            continue
        compared += 1
        word = {-1: "lt", 0: "eq", 1: "gt"}[ours]
        command = ["dpkg", "--compare-versions", one, word, other]
        assert subprocess.run(command, check=False).returncode == 0, command
    assert compared > 100


# Its list has pre-releases that lie before the release its ranges begin with.
KNOWN_TO_DISAGREE = {"PYSEC-2023-61"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real advisories are not here")
def test_real_records_agree_with_their_own_lists():
    compared, disagreeing = 0, set()
    with opened(SHARED) as files:
        documents = [parsed(files.read(name), name) for name in files.names]
    assert len(documents) > 170
    assert all(map(is_record, documents))
    for found in map(advisory, documents):
        for one in found.affected:
            family = family_of(one.ecosystem)
            for version in one.versions if one.ranges else ():
                compared += 1
                if not judge(family, version, one.ranges, []).is_affected:
                    disagreeing.add(found.id)
            for at in _fixes(one.ranges):
                compared += 1
                if judge(family, at, one.ranges, one.versions).is_affected:
                    disagreeing.add(found.id)
    assert compared > 8000
    assert disagreeing <= KNOWN_TO_DISAGREE


def _fixes(ranges):
    return [at for events in ranges for kind, at in events if kind == "fixed"]


def test_sorting_by_comparison_gives_the_order_back():
    versions = ORDERS["PyPI"].split()
    shuffled = random.Random(1).sample(versions, len(versions))
    key = cmp_to_key(lambda one, other: compare("PyPI", one, other) or 0)
    assert sorted(shuffled, key=key) == versions
