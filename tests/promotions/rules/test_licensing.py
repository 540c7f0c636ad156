from __future__ import annotations

import pytest

from promotions.rules import (
    Component,
    Evidence,
    Options,
    OutcomeResult,
    Unlicensed,
)
from promotions.rules.spdx import MAX_LENGTH, is_stated, normalised, read_license
from tests.promotions.rules.images import SCANNED, image, outcome, rule, scanned

HOLDS, FAILS, UNKNOWN = OutcomeResult


def licensed(*licenses: str | tuple[str, ...]):
    components = tuple(
        Component(f"c{number}", licenses=(one,) if isinstance(one, str) else one)
        for number, one in enumerate(licenses)
    )
    return image(scanned(licenses=Evidence(components, "Trivy 0.55", SCANNED)))


def answer(facts, operator: str, *values: str, options: Options | None = None):
    return outcome(facts, rule("license.name", operator, *values), options).result


@pytest.mark.parametrize(
    ("written", "current"),
    [
        ("MIT", "mit"),
        ("GPL-2.0", "gpl-2.0-only"),
        ("gpl-2.0+", "gpl-2.0-or-later"),
        ("GPL-3.0", "gpl-3.0-only"),
        ("LGPL-2.1+", "lgpl-2.1-or-later"),
        ("LGPL-3.0", "lgpl-3.0-only"),
        ("AGPL-3.0", "agpl-3.0-only"),
        ("AGPL-3.0-or-later", "agpl-3.0-or-later"),
        ("GFDL-1.3", "gfdl-1.3-only"),
        ("GPL-2", "gpl-2.0-only"),
        ("GPLv3+", "gpl-3.0-or-later"),
        (
            "GPL-2.0-with-classpath-exception",
            "gpl-2.0-only with classpath-exception-2.0",
        ),
        ("GPL-2.0 WITH GCC-exception-2.0", "gpl-2.0-only with gcc-exception-2.0"),
        ("Expat", "mit"),
        ("The  MIT License", "mit"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("My Own License", "my own license"),
    ],
)
def test_names_are_brought_to_the_current_id(written, current):
    assert normalised(written) == current


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        ("MIT", [{"mit"}]),
        ("MIT OR Apache-2.0", [{"mit"}, {"apache-2.0"}]),
        ("mit or apache-2.0", [{"mit"}, {"apache-2.0"}]),
        ("MIT AND Zlib OR X11", [{"mit", "zlib"}, {"x11"}]),
        ("MIT AND (Zlib OR X11)", [{"mit", "zlib"}, {"mit", "x11"}]),
        ("((MIT))", [{"mit"}]),
        (
            "GPL-2.0+ WITH Bison-exception-2.2",
            [{"gpl-2.0-or-later", "gpl-2.0-or-later with bison-exception-2.2"}],
        ),
        ("LicenseRef-own:1", [{"licenseref-own:1"}]),
        ("GPL v2 or later", [{"gpl v2 or later"}]),
        ("(MIT", [{"(mit"}]),
        ("MIT)", [{"mit)"}]),
        ("MIT OR", [{"mit or"}]),
        ("OR", [{"or"}]),
        ("MIT WITH (X)", [{"mit with (x)", "mit"}]),
        ("Ümlaut", [{"ümlaut"}]),
    ],
)
def test_expression_is_read_into_alternatives(text, alternatives):
    assert [set(one) for one in read_license(text).alternatives] == alternatives


@pytest.mark.parametrize(
    "text",
    [
        " AND ".join(["(MIT OR Zlib)"] * 7 + ["AGPL-3.0"]),
        " OR ".join(["MIT"] * 65 + ["AGPL-3.0"]),
        "(" * 500 + "AGPL-3.0" + ")" * 500,
        "AGPL-3.0 OR " + " OR ".join(["MIT"] * MAX_LENGTH),
    ],
)
def test_nothing_is_overlooked_in_what_is_too_large(text):
    assert answer(licensed(text), "noo", "AGPL-3.0-only") is FAILS


@pytest.mark.parametrize("text", ["", " ", "NONE", "NOASSERTION", "unknown"])
def test_some_words_name_no_license(text):
    assert not is_stated(text)
    assert answer(licensed(text), "noo", "MIT") is UNKNOWN


@pytest.mark.parametrize(
    ("licenses", "excluded", "result"),
    [
        (["MIT"], ["GPL-2.0"], HOLDS),
        (["GPL-2.0-only"], ["GPL-2.0"], FAILS),
        (["MIT OR GPL-2.0"], ["GPL-2.0"], HOLDS),
        (["MIT OR GPL-2.0"], ["GPL-2.0", "MIT"], FAILS),
        (["MIT AND GPL-2.0"], ["GPL-2.0"], FAILS),
        (["GPL-2.0 WITH GCC-exception-2.0"], ["GPL-2.0"], FAILS),
        (["GPL-2.0"], ["GPL-2.0 WITH GCC-exception-2.0"], HOLDS),
        ([("MIT", "GPL-2.0")], ["GPL-2.0"], FAILS),
        (["Custom License"], ["custom license"], FAILS),
        (["GPL-2.0", ()], ["GPL-2.0"], FAILS),
        ([()], ["GPL-2.0"], UNKNOWN),
        ([], ["GPL-2.0"], HOLDS),
    ],
)
def test_excluded_licenses(licenses, excluded, result):
    assert answer(licensed(*licenses), "noo", *excluded) is result


@pytest.mark.parametrize(
    ("licenses", "wanted", "result"),
    [
        (["MIT OR GPL-2.0"], ["GPL-2.0"], HOLDS),
        (["MIT AND GPL-2.0"], ["mit"], HOLDS),
        (["MIT"], ["GPL-2.0"], FAILS),
        ([()], ["GPL-2.0"], FAILS),
    ],
)
def test_every_alternative_counts_where_one_license_is_wanted(licenses, wanted, result):
    assert answer(licensed(*licenses), "oo", *wanted) is result


def test_policy_may_ignore_components_without_a_license():
    ignoring = Options(unlicensed=Unlicensed.IGNORE)
    assert answer(licensed((), "MIT"), "noo", "GPL-2.0", options=ignoring) is HOLDS


def test_sentence_names_components_without_a_license():
    asked = outcome(licensed((), "MIT", ()), rule("license.name", "noo", "GPL-2.0"))
    assert "2 components have none that is known (c0, c2)" in asked.sentence
    assert asked.remedy


def test_sentence_names_component_and_license():
    asked = outcome(image(), rule("license.name", "noo", "GPL-3.0+"))
    assert asked.sentence == ('license: GPL-3.0-or-later of bash is one of "GPL-3.0+"')
