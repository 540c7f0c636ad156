from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.scanning import purls
from tests.repositories.scanning.inventory.layers import (
    STATUS,
    dpkg,
    metadata,
    scanned,
)

ODD = st.text(st.sampled_from("a/ @%?#:.-_\u00e9\U0001f600\t~+\0"), max_size=8)


@given(ODD, ODD)
def test_odd_names_make_purls_that_are_what_they_are_stored_as(name, version):
    report = scanned(
        {
            STATUS: dpkg((name, version)),
            "a.egg-info": metadata(name, version),
            "node_modules/a/package.json": json.dumps(
                {"name": f"@x/{name}", "version": version}
            ),
            "usr/lib/apk/db/installed": f"P:{name}\nV:{version}\nA:{version}\n",
        }
    )
    for component in report.components:
        assert purls.canonical(component.purl) == component.purl


@pytest.mark.parametrize("name", ["/", " / ", "//"])
def test_a_package_without_a_name_is_none(name):
    assert scanned({STATUS: dpkg((name, "1"))}).components == ()


def test_a_slash_in_a_name_is_no_namespace():
    (component,) = scanned({STATUS: dpkg(("a/b", "1"))}).components

    assert component.purl == "pkg:deb/debian/a-b@1?arch=amd64"
