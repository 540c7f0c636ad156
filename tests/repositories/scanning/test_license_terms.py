from __future__ import annotations

import pytest

from repositories.scanning.license_terms import names, stem


@pytest.mark.parametrize(
    ("stored", "term"),
    [
        ("MIT", "mit"),
        ("MIT OR GPL-3.0-only", "GPL-3.0-only"),
        ("(MIT AND (Apache-2.0 OR ISC))", "apache-2.0"),
        ("GPL-3.0", "GPL-3.0-only"),
        ("GPL-2.0+ WITH Classpath-exception-2.0", "GPL-2.0-or-later"),
        ("LGPL-2.1-or-later", "LGPL-2.1+"),
        ("The  Old License", "the old license"),
        ("Öffentlich", "öffentlich"),
    ],
)
def test_a_license_is_found_also_inside_of_expressions(stored, term):
    assert names(stored, term)
    assert stem(term).casefold() in stored.casefold()


@pytest.mark.parametrize(
    ("stored", "term"),
    [
        ("MIT-0", "MIT"),
        ("MIT License", "MIT"),
        ("GPL-3.0-or-later", "GPL-3.0-only"),
        ("LGPL-3.0-only OR MIT", "GPL-3.0-only"),
        ("MIT OR ISC", "OR"),
        ("MIT", ""),
    ],
)
def test_another_license_is_not(stored, term):
    assert not names(stored, term)
