from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.scanning import purls


@pytest.mark.parametrize(
    ("purl", "name", "version"),
    [
        ("pkg:deb/debian/openssl@3.0.1-1?distro=debian-12", "openssl", "3.0.1-1"),
        ("pkg:npm/%40angular/core@1.0.0", "@angular/core", "1.0.0"),
        ("pkg:maven/org.apache/log4j-core@2.1", "org.apache:log4j-core", "2.1"),
        ("pkg:golang/github.com/x/y@v1.0.0", "github.com/x/y", "v1.0.0"),
        ("pkg:pypi/Django", "django", ""),
    ],
)
def test_name_and_version_follow_from_the_purl(purl, name, version):
    found = purls.canonical(purl)

    assert found is not None
    assert (purls.name_of(found), purls.version_of(found)) == (name, version)


def test_what_is_no_purl_is_none():
    assert purls.canonical("openssl 3") is None


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_every_purl_made_can_be_read_again(name, version, qualifier):
    qualifiers = {"distro": qualifier}
    purl = purls.made("generic", name * 50, version * 50, qualifiers=qualifiers)

    assert len(purl) <= purls.MAX_LENGTH
    assert purls.canonical(purl) == purl
