from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repositories.scanning import purls
from repositories.scanning.formats import packages

WORD = st.text("aAz09.~-_+%", min_size=1, max_size=6)
QUALIFIER = st.tuples(st.text("ab", min_size=1, max_size=2), WORD).map("=".join)


@given(
    kind=st.sampled_from(["apk", "cargo", "deb", "gem", "maven", "npm", "rpm", "pypi"]),
    path=st.lists(WORD, min_size=1, max_size=3).map("/".join),
    version=WORD,
    qualifiers=st.lists(QUALIFIER, max_size=3).map("&".join),
)
@settings(max_examples=500, deadline=None)
def test_what_is_taken_for_canonical_is_so(kind, path, version, qualifiers):
    purl = f"pkg:{kind}/{path}@{version}" + (f"?{qualifiers}" if qualifiers else "")

    assert not packages.is_canonical(purl) or purls.canonical(purl) == purl


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:npm/express@4.17.1",
        "pkg:maven/org.apache/log4j-core@2.1",
        "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12",
        "pkg:apk/alpine/musl@1.2.3-r0?arch=x86-64",
    ],
)
def test_most_package_urls_are_taken_for_canonical(purl):
    assert packages.is_canonical(purl)
    assert purls.canonical(purl) == purl


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_every_package_gets_a_purl(kind, name, version):
    try:
        name.encode(), version.encode()
    except UnicodeEncodeError:
        return
    made = packages.made(kind, name, version)

    assert made.startswith("pkg:")
    assert len(made) <= purls.MAX_LENGTH
