"""What an inventory says it could not see."""

from __future__ import annotations

import pytest

from repositories.scanning.inventory import SkippedLayer, assemble
from repositories.scanning.report import Kind
from tests.repositories.scanning.inventory.layers import (
    OS_RELEASE,
    STATUS,
    Content,
    HardLink,
    Link,
    dpkg,
    metadata,
    scanned,
)
from tests.repositories.scanning.inventory.programs import elf

DEBIAN = {"etc/os-release": OS_RELEASE, STATUS: dpkg(("bash", "5.2"))}


def gap(*layers, skipped=()):
    report = scanned(*layers, skipped=skipped)
    assert Kind.VULNERABILITIES not in report.coverage
    return report.coverage[Kind.COMPONENTS]


def test_all_is_seen_of_an_image_of_packages():
    report = scanned(DEBIAN, {"app/a.egg-info": metadata("a", "1")})

    assert report.coverage == {Kind.COMPONENTS: None, Kind.LICENSES: None}
    assert report.source == "built-in inventory 1"


@pytest.mark.parametrize(
    "image", [{}, {"hello": elf()}, {"etc/passwd": "root"}, {STATUS: ""}]
)
def test_an_image_without_packages_is_not_a_clean_one(image):
    found = gap(image)

    assert found is not None
    assert found.unscannable
    assert "no list of installed packages was found" in found.reason
    assert "Trivy" in found.remedy


def test_no_layers_at_all():
    assert assemble([]).coverage[Kind.COMPONENTS] is not None


def test_a_distribution_whose_packages_are_not_found():
    image = {
        "etc/os-release": 'ID=gentoo\nVERSION_ID="2.15"\n',
        "app/a.egg-info": metadata("a", "1"),
    }
    found = gap(image)

    assert found is not None
    assert found.reason == "no list of the packages of gentoo 2.15 was found"


def test_a_database_that_an_upper_layer_took_away_is_missed():
    upper = {"var/lib/.wh.dpkg": b"", "app/a.egg-info": metadata("a", "1")}

    assert gap({**DEBIAN, "usr/bin/tool": elf(loader=True)}, upper) is not None


def test_java_archives_are_not_read_and_so_missed():
    jars = {f"app/lib/{at}.jar": b"PK" for at in range(5)}
    found = gap({**DEBIAN, **jars})

    assert found is not None
    assert found.reason == (
        "app/lib/0.jar, app/lib/1.jar, app/lib/2.jar and 2 more archives could not be "
        "read: what such archives hold is not read"
    )
    assert gap({**DEBIAN, **jars}, {"app/.wh.lib": b""}) is None


def test_skipped_layers_are_named():
    digest = "sha256:" + "ab" * 32
    found = gap(DEBIAN, skipped=[SkippedLayer(digest, "it is broken")])

    assert found is not None
    assert found.reason == "the layer sha256:abababababab was not read: it is broken"
    assert not found.unscannable
    foreign = SkippedLayer(digest, "it lies elsewhere", unscannable=True)
    found = gap(DEBIAN, skipped=[foreign])
    assert found is not None
    assert found.unscannable


@pytest.mark.parametrize("path", [STATUS, "lib/apk/db/installed"])
def test_a_database_behind_a_link_to_elsewhere_is_missed(path):
    found = gap({"app/a.egg-info": metadata("a", "1"), path: Link("/srv/database")})

    assert found is not None
    assert f"{path} is a link to srv/database, which is not read" in found.reason


def test_another_name_of_a_file_that_is_not_read_is_missed():
    store = "store/0a1b2c"
    manifest = "node_modules/a/package.json"
    found = gap({**DEBIAN, store: '{"name": "a"}', manifest: HardLink(store)})

    assert found is not None
    assert manifest in found.reason


def test_the_distribution_may_be_known_by_a_link():
    image: dict[str, Content] = {
        "usr/lib/os-release": OS_RELEASE,
        "etc/os-release": Link("../usr/lib/os-release"),
        STATUS: dpkg(("bash", "5.2")),
    }
    assert scanned(image).distribution == "debian 12"


@pytest.mark.parametrize(
    ("release", "distribution", "purl"),
    [
        ("", "", "pkg:deb/debian/bash@5.2?arch=amd64"),
        ("ID=debian\nVERSION_CODENAME=sid\n", "debian sid", "debian-sid"),
        ("ID=debian\n", "debian", "distro=debian"),
        ("ID='a/b c'\nVERSION_ID=\"1\0 2\"\n", "a-b-c 1-2", "distro=a-b-c-1-2"),
    ],
)
def test_odd_releases(release, distribution, purl):
    report = scanned({"etc/os-release": release, STATUS: dpkg(("bash", "5.2"))})

    assert report.distribution == distribution
    assert report.components[0].purl.endswith(purl)
