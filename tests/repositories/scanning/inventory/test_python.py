from __future__ import annotations

import pytest

from repositories.scanning.inventory.readers.python import read_metadata
from repositories.scanning.report import Place
from tests.repositories.scanning.inventory.layers import HardLink, found, metadata

SITE = "usr/local/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/Foo_Bar-1.0.dist-info/METADATA",
        f"{SITE}/Foo_Bar-1.0.egg-info/PKG-INFO",
        f"{SITE}/Foo_Bar-1.0-py3.12.egg-info",
        f"{SITE}/Foo_Bar-1.0-py3.12.egg/EGG-INFO/PKG-INFO",
        "app/.venv/lib/python3.11/site-packages/Foo_Bar-1.0.dist-info/METADATA",
    ],
)
def test_installed_distributions_are_found(path):
    (component,) = found({path: metadata("Foo_Bar", "1.0", "License: MIT")}).values()

    assert component.purl == "pkg:pypi/foo-bar@1.0"
    assert component.places == (Place("layer-0", path),)


def test_other_metadata_is_no_installed_distribution():
    image = {"src/METADATA": metadata("a", "1"), "src/PKG-INFO": metadata("b", "1")}

    assert not found(image)


@pytest.mark.parametrize(
    ("fields", "licenses"),
    [
        (["License-Expression: MIT OR Apache-2.0"], ("MIT OR Apache-2.0",)),
        (["License: BSD-3-Clause"], ("BSD-3-Clause",)),
        (["License: UNKNOWN"], ()),
        (
            ["License: BSD", "Classifier: License :: OSI Approved :: MIT License"],
            ("MIT",),
        ),
        (
            [
                "License: BSD-3-Clause",
                "Classifier: License :: OSI Approved :: BSD License",
            ],
            ("BSD-3-Clause",),
        ),
        (["Classifier: License :: OSI Approved :: BSD License"], ("BSD License",)),
        (
            [
                "Classifier: License :: OSI Approved :: Apache Software License",
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved",
            ],
            ("Apache-2.0", "MIT"),
        ),
        (["License: MIT License", "        ", "        Copyright (c) 2020"], ("MIT",)),
        (["License: Copyright (c) 2020 Me", "        All rights reserved"], ()),
    ],
)
def test_licenses_are_taken_from_the_field_that_says_most(fields, licenses):
    read = read_metadata(metadata("a", "1", *fields).encode(), "")

    assert read is not None
    assert read.packages[0].licenses == licenses


def test_two_names_of_one_file_are_one_package_in_two_places():
    first, second = (f"{top}/a-1.dist-info/METADATA" for top in ("cache", "venv"))
    (component,) = found({first: metadata("a", "1"), second: HardLink(first)}).values()

    assert component.places == (Place("layer-0", first), Place("layer-0", second))


@pytest.mark.parametrize(
    "broken", [b"", b"\xff" * 100, b"Name: a\n", b"Name:\nVersion:\n", b":\n" * 10_000]
)
def test_metadata_without_name_and_version_is_none(broken):
    assert read_metadata(broken, "") is None
