from __future__ import annotations

import pytest

from repositories.scanning.report import Kind
from tests.repositories.scanning.inventory.layers import Content, Link, found, scanned

RELEASE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.18.4\n'
INSTALLED = """\
C:Q1p78yvTLG094tHE1+dToJGbmYzQE=
P:alpine-baselayout
V:3.4.3-r1
A:x86_64
L:GPL-2.0-only
o:alpine-baselayout
F:dev

P:libcrypto3
V:3.1.3-r0
A:x86_64
L:Apache-2.0
o:openssl
F:lib
R:libcrypto.so.3

P:old
V:1-r0
A:noarch
L:GPL2 MIT
"""


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_packages_have_licenses_and_their_source(path):
    report = scanned({"etc/os-release": RELEASE, path: INSTALLED})

    assert report.distribution == "alpine 3.18.4"
    assert {component.purl: component.licenses for component in report.components} == {
        "pkg:apk/alpine/alpine-baselayout@3.4.3-r1?arch=x86_64&distro=alpine-3.18.4": (
            "GPL-2.0-only",
        ),
        "pkg:apk/alpine/libcrypto3@3.1.3-r0?arch=x86_64&distro=alpine-3.18.4"
        "&upstream=openssl": ("Apache-2.0",),
        "pkg:apk/alpine/old@1-r0?arch=noarch&distro=alpine-3.18.4": (
            "GPL-2.0-only AND MIT",
        ),
    }
    assert report.coverage == {Kind.COMPONENTS: None, Kind.LICENSES: None}


def test_the_database_may_be_reached_by_a_link_to_the_merged_usr():
    """A layer made elsewhere writes below `lib`, which is a link in the image."""
    lower: dict[str, Content] = {
        "lib": Link("usr/lib"),
        "usr/lib/apk/db/installed": INSTALLED,
    }
    upper = {"lib/apk/db/installed": "P:only\nV:1-r0\n"}

    assert list(found(lower, upper)) == ["pkg:apk/alpine/only@1-r0"]
