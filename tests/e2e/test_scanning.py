"""Images with real packages are pushed, and what is in them is known soon after."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import yaml

from tests.e2e.backstage import make_repositories
from tests.e2e.scanning import (
    Sighting,
    advisory,
    counted,
    findings,
    load,
    scan_of,
    sightings,
)
from tests.images import layered
from tests.packages import (
    ALMALINUX_9,
    ALPINE_3_18,
    DEBIAN_12,
    DIST_PACKAGES,
    Deb,
    Root,
    Rpm,
    install_apks,
    install_debs,
    install_npm_packages,
    install_rpms,
    install_wheels,
    machine_readable,
    npm_package,
    unpack_npm_package,
    unpack_wheels,
    wheel,
)

if TYPE_CHECKING:
    from tests.e2e.people import Person
    from tests.images import Layer
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

PYPA = Path(__file__).resolve().parents[3] / "shared/data/advisories"
AFFECTED = {
    "Django": "3.2",
    "urllib3": "1.24.1",
    "requests": "2.19.1",
    "Jinja2": "2.11.2",
}
GPL_3 = """It may be copied under the terms of the GNU General Public License,
version 3 or (at your option) any later version.

On Debian systems the whole text is in /usr/share/common-licenses/GPL-3.
"""
APACHE = "Classifier: License :: OSI Approved :: Apache Software License"
STATUS, MODULES = "var/lib/dpkg/status", "app/node_modules"
DEB = "pkg:deb/debian"
IN_DEBIAN = (
    (f"{DEB}/openssl@3.0.11-1~deb12u1", "Apache-2.0", "base", STATUS),
    (f"{DEB}/libssl3@3.0.11-1~deb12u1", "Apache-2.0", "base", STATUS),
    (f"{DEB}/bash@5.2.15-2%2Bb7", "GPL-3.0-or-later", "system", STATUS),
    (
        *("pkg:pypi/shop-pages@2.11.2", "BSD-3-Clause", "python"),
        f"{DIST_PACKAGES}/Shop_Pages-2.11.2.dist-info/METADATA",
    ),
    (
        *("pkg:pypi/shop-client@2.19.1", "Apache-2.0", "python"),
        f"{DIST_PACKAGES}/shop_client-2.19.1.dist-info/METADATA",
    ),
    ("pkg:npm/lodash@4.17.20", "MIT", "node", f"{MODULES}/lodash/package.json"),
    (
        *("pkg:npm/%40shop/cart@1.4.0", "MIT OR Apache-2.0", "node"),
        f"{MODULES}/@shop/cart/package.json",
    ),
    (
        *("pkg:npm/minimist@1.2.5", "MIT", "node"),
        f"{MODULES}/lodash/node_modules/minimist/package.json",
    ),
)

needs_dpkg = pytest.mark.skipif(
    not (shutil.which("dpkg") and shutil.which("dpkg-deb")),
    reason="needs dpkg, which is not on PATH",
)
needs_rpm = pytest.mark.skipif(
    not (shutil.which("rpm") and shutil.which("rpmbuild")),
    reason="needs Debian's package rpm: run make install-test",
)


@pytest.fixture
def repository(stack: Stack) -> str:
    """A repository of Dana's that scans what is pushed."""
    name = f"scanned-{uuid4().hex[:8]}/shop"
    make_repositories(stack, {name: "dana"})
    return name


@pytest.fixture
def debian(root: Root, tmp_path: Path) -> dict[str, Layer]:
    """Layers of an image that is built in five steps."""
    made = {}
    root.write("etc/os-release", DEBIAN_12)
    openssl = Deb("openssl", "3.0.11-1~deb12u1", machine_readable("Apache-2.0"))
    install_debs(
        root, tmp_path, openssl, replace(openssl, name="libssl3", source="openssl")
    )
    made["base"] = root.layer()
    install_debs(root, tmp_path, Deb("bash", "5.2.15-2+b7", GPL_3, "bash (5.2.15-2)"))
    made["system"] = root.layer()
    wheels = (
        wheel(tmp_path, "Shop-Pages", "2.11.2", "License: BSD-3-Clause"),
        wheel(tmp_path, "shop-client", "2.19.1", APACHE),
        wheel(tmp_path, "forgotten", "1.0", "License: MIT"),
    )
    install_wheels(root, *wheels)
    made["python"] = root.layer()
    lodash = npm_package(tmp_path, "lodash", "4.17.20", license="MIT")
    scoped = npm_package(tmp_path, "@shop/cart", "1.4.0", license="(MIT OR Apache-2.0)")
    install_npm_packages(root, "app", lodash, scoped)
    inner = npm_package(tmp_path, "minimist", "1.2.5", license="MIT")
    unpack_npm_package(root, inner, "app/node_modules/lodash")
    made["node"] = root.layer()
    shutil.rmtree(root.folder / DIST_PACKAGES / "forgotten-1.0.dist-info")
    made["last"] = root.layer()
    return made


@needs_dpkg
def test_debian_python_and_npm_packages_are_found_layer_by_layer(
    stack: Stack, dana: Person, repository: str, debian: dict[str, Layer], known: Path
) -> None:
    openssl = "3.0.11-1~deb12u2"
    advisory(known, "CVE-2031-1", "Debian:12", "openssl", fixed=openssl)
    advisory(known, "CVE-2031-2", "Debian:12", "openssl", fixed="3.0.9-1")
    advisory(known, "CVE-2031-3", "Debian:12", "bash", fixed="5.2.15-2")
    advisory(known, "CVE-2031-4", "PyPI", "shop_pages", fixed="2.11.3", score=5.3)
    advisory(known, "CVE-2031-5", "PyPI", "shop-client", fixed="2.19.1")
    advisory(known, "CVE-2031-6", "npm", "lodash", fixed="4.17.21", score=3.7)
    advisory(known, "CVE-2031-7", "npm", "minimist", fixed="1.2.5")
    load(stack, known)
    image = layered(known.parent / "image", *debian.values())

    assert dana.push(image, f"{repository}:1.0") == ""
    scan = scan_of(stack, image.digest)

    assert (scan["state"], scan["distribution"]) == ("completed", "debian 12")
    assert scan["coverage"] == {"components": {}, "licenses": {}, "vulnerabilities": {}}
    assert sightings(stack, scan) == {
        purl: Sighting(frozenset({name}), debian[layer].digest, path)
        for purl, name, layer, path in IN_DEBIAN
    }
    assert findings(stack, scan) == {
        ("CVE-2031-1", "openssl"),
        ("CVE-2031-1", "libssl3"),
        ("CVE-2031-4", "shop-pages"),
        ("CVE-2031-6", "lodash"),
    }
    assert counted(scan) == (1, 1, 1, 3)


def test_alpine_packages_are_found(
    stack: Stack, dana: Person, repository: str, root: Root, known: Path
) -> None:
    root.write("etc/os-release", ALPINE_3_18)
    busybox = {"P": "busybox", "V": "1.36.1-r2", "L": "GPL-2.0-only", "o": "busybox"}
    client = busybox | {"P": "ssl_client"}
    musl = {"P": "musl", "V": "1.2.4-r1", "L": "MIT", "o": "musl"}
    install_apks(root, musl, busybox, client)
    base = root.layer()
    curl = {"P": "curl", "V": "8.2.1-r0", "L": "curl", "o": "curl"}
    install_apks(root, musl, busybox, client, curl)
    image = layered(known.parent / "image", base, top := root.layer())
    advisory(known, "CVE-2032-1", "Alpine:v3.18", "busybox", fixed="1.36.1-r5")
    advisory(known, "CVE-2032-2", "Alpine:v3.18", "musl", fixed="1.2.4-r1")
    advisory(known, "CVE-2032-3", "Alpine:v3.17", "curl", fixed="9.0.0-r0")
    advisory(
        known, "CVE-2032-4", "Alpine:v3.18", "curl", fixed="8.3.0_rc1-r0", score=5.3
    )
    load(stack, known)

    assert dana.push(image, f"{repository}:1.0") == ""
    scan = scan_of(stack, image.digest)

    assert (scan["state"], scan["distribution"]) == ("completed", "alpine 3.18.4")
    place = "lib/apk/db/installed"
    assert sightings(stack, scan) == {
        f"pkg:apk/alpine/{purl}": Sighting(frozenset({name}), layer.digest, place)
        for purl, name, layer in (
            ("musl@1.2.4-r1", "MIT", base),
            ("busybox@1.36.1-r2", "GPL-2.0-only", base),
            ("ssl_client@1.36.1-r2", "GPL-2.0-only", base),
            ("curl@8.2.1-r0", "curl", top),
        )
    }
    assert findings(stack, scan) == {
        ("CVE-2032-1", "busybox"),
        ("CVE-2032-1", "ssl_client"),
        ("CVE-2032-4", "curl"),
    }
    assert counted(scan) == (1, 1, 0, 2)


@needs_rpm
def test_rpm_packages_are_found(
    stack: Stack, dana: Person, repository: str, root: Root, known: Path
) -> None:
    root.write("etc/os-release", ALMALINUX_9)
    install_rpms(root, known.parent, Rpm("bash", "5.1.8", "6.el9", "GPLv3+"))
    base = root.layer()
    openssl = Rpm("openssl-libs", "3.0.7", "24.el9", "Apache-2.0", epoch=1)
    install_rpms(root, known.parent, openssl)
    image = layered(known.parent / "image", base, top := root.layer())
    fixed = "1:3.0.7-25.el9"
    advisory(known, "ALSA-2033:1", "AlmaLinux:9", "openssl-libs", fixed=fixed)
    advisory(known, "ALSA-2033:2", "AlmaLinux:9", "bash", fixed="5.1.8-6.el9")
    advisory(known, "ALSA-2033:3", "AlmaLinux:8", "bash", fixed="6.0-1.el8")
    load(stack, known)

    assert dana.push(image, f"{repository}:1.0") == ""
    scan = scan_of(stack, image.digest)

    assert (scan["state"], scan["distribution"]) == ("completed", "almalinux 9.3")
    place = "var/lib/rpm/rpmdb.sqlite"
    assert sightings(stack, scan) == {
        "pkg:rpm/almalinux/bash@5.1.8-6.el9": Sighting(
            frozenset({"GPL-3.0-or-later"}), base.digest, place
        ),
        "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9": Sighting(
            frozenset({"Apache-2.0"}), top.digest, place
        ),
    }
    assert findings(stack, scan) == {("ALSA-2033:1", "openssl-libs")}
    assert counted(scan) == (1, 0, 0, 1)


@pytest.mark.skipif(not PYPA.is_dir(), reason="needs the advisories of the PyPA")
def test_what_the_python_packaging_authority_lists_is_found_and_nothing_else(
    stack: Stack, dana: Person, repository: str, root: Root, tmp_path: Path
) -> None:
    load(stack, PYPA)
    wheels = [wheel(tmp_path, *pair) for pair in AFFECTED.items()]
    unpack_wheels(root, *wheels)
    image = layered(tmp_path / "image", root.layer())

    assert dana.push(image, f"{repository}:1.0") == ""
    scan = scan_of(stack, image.digest)

    expected = {
        (name, package.lower())
        for package, version in AFFECTED.items()
        for name in listed(package.lower(), version)
    }
    assert len(expected) > len(AFFECTED), "the records are not about these versions"
    assert {found for found in findings(stack, scan) if not is_ours(found)} == expected


def listed(package: str, version: str) -> set[str]:
    """Return the vulnerabilities whose records list the version, one by one."""
    found = set()
    for path in (PYPA / package).glob("*.yaml"):
        record = yaml.safe_load(path.read_text())
        versions = {
            one for affected in record["affected"] for one in affected["versions"]
        }
        if version in versions and "withdrawn" not in record:
            names = [record["id"], *record.get("aliases", [])]
            found.add(next((one for one in names if one.startswith("CVE-")), names[0]))
    return found


def is_ours(found: tuple[str, str]) -> bool:
    """Tell whether another test made the vulnerability up."""
    return found[0].startswith("CVE-203")
