from __future__ import annotations

import textwrap

import pytest

from repositories.scanning.inventory.readers.debian import read_copyright
from repositories.scanning.report import Place
from tests.repositories.scanning.inventory.layers import (
    OS_RELEASE,
    STATUS,
    Content,
    Link,
    dpkg,
    found,
    scanned,
)

DEP5 = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: zlib

Files: *
Copyright: 1995-2013 Jean-loup Gailly and Mark Adler
License: Zlib

Files: debian/*
Copyright: 2000 Someone
License: GPL-2+ or Expat

License: GPL-2+
 On Debian systems the text is in /usr/share/common-licenses/GPL-2.

License: Expat
 Permission is hereby granted
"""


def test_a_package_has_the_distribution_and_its_source_in_its_purl():
    status = (
        "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n"
        "Source: glibc (2.36-9+deb12u3)\nVersion: 2.36-9+deb12u4\n\n"
        "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n"
        "Version: 3.0.11-1\n\n"
        "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n"
        "Source: openssl\nVersion: 3.0.11-1\n"
    )
    report = scanned({"etc/os-release": OS_RELEASE, STATUS: status})

    assert report.distribution == "debian 12"
    assert [component.purl for component in report.components] == [
        (
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12"
            "&upstream=glibc%402.36-9%2Bdeb12u3"
        ),
        "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl",
        "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12",
    ]


@pytest.mark.parametrize(
    ("status", "listed"),
    [
        ("install ok installed", True),
        ("hold ok installed", True),
        ("install ok unpacked", True),  # its files are there
        ("deinstall ok config-files", False),
        ("purge ok not-installed", False),
    ],
)
def test_only_what_is_there_is_listed(status, listed):
    image = {STATUS: dpkg(("tool", "1-1"), status=status) + dpkg(("base", "2"))}

    assert ("pkg:deb/debian/tool@1-1" in found(image)) is listed


def test_distroless_keeps_one_file_for_each_package():
    image = {
        "usr/lib/os-release": OS_RELEASE,
        "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12.4\n",
        "var/lib/dpkg/status.d/base.md5sums": "Package: no\nVersion: 1\n",
        "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a-0\n",
    }
    assert list(found(image)) == [
        "pkg:deb/debian/base-files@12.4",
        "pkg:deb/debian/tzdata@2024a-0",
    ]


def test_ubuntu_is_named_as_the_distribution():
    release = 'ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n'
    report = scanned({"etc/os-release": release, STATUS: dpkg(("bash", "5.1-6"))})

    assert report.components[0].purl == (
        "pkg:deb/ubuntu/bash@5.1-6?arch=amd64&distro=ubuntu-22.04"
    )


def test_licenses_come_from_the_files_paragraphs():
    assert read_copyright(DEP5.encode(), "").licenses == (
        "Zlib",
        "GPL-2.0-or-later OR MIT",
    )


def test_licenses_of_a_free_text_are_those_it_refers_to():
    text = textwrap.dedent("""\
        This program is free software; you can redistribute it under the terms of
        the GNU General Public License, either version 2, or (at your option) any
        later version. The text is in `/usr/share/common-licenses/GPL'.

        The manual is under the Apache License; see
        /usr/share/common-licenses/Apache-2.0.

        The library is under LGPL 2.1 only: /usr/share/common-licenses/LGPL-2.1.
        """)
    assert read_copyright(text.encode(), "").licenses == (
        "GPL-2.0-or-later",
        "Apache-2.0",
        "LGPL-2.1-only",
    )


def test_documentation_may_be_a_link_to_that_of_another_package():
    image: dict[str, Content] = {
        STATUS: dpkg(("libfoo1", "1"), ("libfoo-dev", "1"), ("bar", "1")),
        "usr/share/doc/libfoo1/copyright": DEP5,
        "usr/share/doc/libfoo-dev": Link("libfoo1"),
        "usr/share/doc/bar/copyright": Link("../libfoo1/copyright"),
    }
    licenses = {component.licenses for component in found(image).values()}

    assert licenses == {("Zlib", "GPL-2.0-or-later OR MIT")}


def test_a_package_without_copyright_file_has_no_license():
    (component,) = found({STATUS: dpkg(("foo", "1"))}).values()

    assert component.licenses == ()


def test_an_upper_copyright_file_replaces_the_lower():
    lower = {STATUS: dpkg(("foo", "1")), "usr/share/doc/foo/copyright": DEP5}
    upper = {"usr/share/doc/foo/copyright": "see /usr/share/common-licenses/GPL-3"}

    (component,) = found(lower, upper).values()

    assert component.licenses == ("GPL-3.0-only",)


def test_a_package_is_placed_in_the_layer_that_brought_its_version():
    layers = [
        {STATUS: dpkg(("base", "1"), ("tool", "1"), ("back", "1"))},
        {STATUS: dpkg(("base", "1"), ("tool", "2"))},
        {STATUS: dpkg(("base", "1"), ("tool", "2"), ("new", "1"), ("back", "1"))},
    ]
    places = {
        purl.rpartition("/")[2]: component.places
        for purl, component in found(*layers).items()
    }
    assert places == {
        "base@1": (Place("layer-0", STATUS),),
        "tool@2": (Place("layer-1", STATUS),),
        "back@1": (Place("layer-2", STATUS),),
        "new@1": (Place("layer-2", STATUS),),
    }


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff\xfe\0\0",
        b"License:" * 100_000,
        b"Format: x\n" + b"License: MIT\n" * 50_000,
        b"Format: x\nLicense: a\nLicense: a\nLicense-1: b\n",
        b"Format: x\n\nlicence: MIT\n .\n\n\nFiles\n",
        b"Format: x\nFiles: *\nLicense:\n" + b" a\n" * 100_000,
    ],
)
def test_no_copyright_file_breaks_the_reading(broken):
    assert len(read_copyright(broken, "").licenses) <= 100


def test_a_status_of_garbage_is_a_list_without_packages():
    report = scanned({STATUS: b"\xff\0Package\nPackage:\n\n:\nVersion: 1\n" * 100})

    assert report.components == ()
