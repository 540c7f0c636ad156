from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.rules import spdx as rule_engine
from promotions.rules.spdx import normalised, read_license
from repositories.scanning.license_names import CLASSIFIERS, NAMES
from repositories.scanning.licenses import MAX_LENGTH, is_known, is_spdx, spdx

IDENTIFIERS = ["MIT", "gpl-2.0", "GPL-2.0+", "LGPL-2.1-only", "apache-2.0", "Zlib"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Debian, copyright format 1.0
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("Expat", "MIT"),
        ("BSD-3-clause", "BSD-3-Clause"),
        ("Apache-2", "Apache-2.0"),
        ("GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        (
            "GPL-2+ or Artistic, and BSD-3-clause",
            "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause",
        ),
        (
            "GPL-2+ with OpenSSL exception and Expat",
            "GPL-2.0-or-later WITH OpenSSL-exception AND MIT",
        ),
        (
            "GPL-3+ with Bison exception",
            "GPL-3.0-or-later WITH Bison-exception-2.2",
        ),
        ("LGPLv3+_or_GPLv2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
        # Fedora, before it wrote SPDX
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        ("ASL 2.0", "Apache-2.0"),
        ("LGPLv2+ and MIT", "LGPL-2.0-or-later AND MIT"),
        (
            "GPLv2 and (Public Domain or BSD with advertising)",
            "GPL-2.0-only AND (public-domain OR BSD-4-Clause)",
        ),
        # Alpine
        ("GPL-2.0-only AND MIT", "GPL-2.0-only AND MIT"),
        ("GPL2 MIT", "GPL-2.0-only AND MIT"),
        # npm and PyPI
        ("(MIT OR Apache-2.0)", "MIT OR Apache-2.0"),
        ("MIT/X11", "MIT"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
        ("License :: OSI Approved :: MIT License", "MIT"),
    ],
)
def test_names_of_distributions_and_registries_become_spdx(found, expected):
    assert spdx(found) == expected


@pytest.mark.parametrize(
    "name",
    [
        "public-domain",
        "SEE LICENSE IN LICENSE.md",
        "Dual License",
        "Permission to use, copy, modify, and distribute this software and its",
        "and so on and on",
        "MIT AND AND",
        ")",
        "()",
        "MIT ()",
        "(MIT",
        "MIT) AND (MIT",
        "MIT WITH WITH",
        "MIT OR (AND MIT)",
    ],
)
def test_what_no_list_knows_stays_as_found(name):
    assert spdx(f"  {name}\n ") == name


def test_an_ambiguous_classifier_loses_only_its_path():
    assert spdx("License :: OSI Approved :: BSD License") == "BSD License"


def test_one_unknown_name_does_not_hide_the_known_ones():
    found = spdx("GPL-3 and Some odd terms")

    assert found == "GPL-3.0-only AND Some-odd-terms"
    assert "gpl-3.0-only" in read_license(found).terms


def test_known_licenses_are_told_from_others():
    assert is_spdx("MIT OR Apache-2.0")
    assert not is_spdx("MIT OR public-domain")
    assert is_known("Expat")
    assert not is_known("")


@pytest.mark.parametrize("name", sorted({*NAMES.values(), *CLASSIFIERS.values()}))
def test_the_tables_name_what_spdx_knows(name):
    assert spdx(name) == name
    assert name == "public-domain" or is_spdx(name)


@pytest.mark.parametrize(
    "name", sorted({*rule_engine._NAMES, *rule_engine._NAMES.values()})
)
def test_the_rule_engine_calls_a_license_the_same(name):
    assert normalised(spdx(name)) == normalised(name)


@given(st.lists(st.sampled_from(IDENTIFIERS), min_size=1, max_size=5), st.data())
def test_the_rule_engine_reads_expressions_the_same(names, data):
    words = [data.draw(st.sampled_from([" AND ", " or "])) for _ in names]
    text = "".join(f"{name}{word}" for name, word in zip(names, words, strict=True))
    text = text.removesuffix(words[-1])

    assert set(read_license(spdx(text)).alternatives) == set(
        read_license(text).alternatives
    )


@given(st.text(max_size=700))
def test_any_text_gives_a_bounded_answer_that_is_its_own_answer(text):
    once = spdx(text)

    assert len(once) <= MAX_LENGTH
    assert spdx(once) == once


@given(st.lists(st.sampled_from(["MIT", "GPL-2+", "(", ")", " and ", " or ", ", ", "/",
                                 " with ", "odd", " "]), max_size=80))  # fmt: skip
def test_broken_expressions_never_raise(parts):
    assert isinstance(spdx("".join(parts)), str)


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 240 + "MIT" + ")" * 240,
        "(MIT OR " * 60,
        "," * 500,
        " or later" * 55,
        "MIT AND " * 10_000,
        "x" * 10_000_000,
    ],
)
def test_hostile_texts_take_no_time(hostile):
    spdx("MIT")  # builds the tables
    begun = time.process_time()

    assert len(spdx(hostile)) <= MAX_LENGTH
    assert time.process_time() - begun < 0.5
