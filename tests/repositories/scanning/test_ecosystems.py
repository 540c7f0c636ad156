"""Where advisories list what is found in images."""

from __future__ import annotations

import pytest

from repositories.scanning.ecosystems import Package, package_of, spoken

ALMA = "pkg:rpm/almalinux/bind-libs@9.1-2.el9?distro=almalinux-9.3"
ROCKY = "pkg:rpm/rocky/bind-libs@9.1-2.el9?distro=rocky-9.3"


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:pypi/zope.interface@5.0", Package("PyPI", "zope-interface", "5.0")),
        ("pkg:npm/%40angular/core@1.0", Package("npm", "@angular/core", "1.0")),
        ("pkg:npm/JSONStream@1.0", Package("npm", "jsonstream", "1.0")),
        (
            "pkg:golang/github.com/BurntSushi/toml@v1.0",
            Package("Go", "github.com/burntsushi/toml", "v1.0"),
        ),
        ("pkg:maven/org.Apache/core@1", Package("Maven", "org.Apache:core", "1")),
        ("pkg:gem/RedCloth@4", Package("RubyGems", "RedCloth", "4")),
        ("pkg:nuget/Newtonsoft.Json@13", Package("NuGet", "newtonsoft.json", "13")),
        ("pkg:generic/mine@1", Package()),
        ("pkg:deb/debian/zlib1g@1-1", Package()),
        (
            "pkg:deb/debian/zlib1g@1-1?distro=debian-12&upstream=zlib%400-9",
            Package("Debian:12", "zlib", "0-9"),
        ),
        ("pkg:apk/alpine/musl@1-r0?distro=alpine-3.18.4", None),
        (
            f"{ALMA}&epoch=32&upstream=bind-9.1-2.el9.src.rpm",
            Package("AlmaLinux:9", "bind-libs", "32:9.1-2.el9"),
        ),
        (
            f"{ROCKY}&upstream=bind-9.1-2.el9.src.rpm",
            Package("Rocky Linux:9", "bind", "9.1-2.el9"),
        ),
    ],
)
def test_packages_are_called_as_advisories_call_them(purl, package):
    assert package_of(purl) == (package or Package("Alpine:v3.18", "musl", "1-r0"))


def test_ecosystems_are_spoken_of_as_people_do():
    names = ["Debian:12", "Alpine:v3.18", "Red Hat:9", "npm"]
    assert [spoken(one) for one in names] == [
        *("Debian 12", "Alpine 3.18", "Red Hat 9", "npm")
    ]
