"""What is installed here, against what its own tools say of it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from packageurl import PackageURL

from tests.repositories.scanning.inventory.layers import found, scanned


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no dpkg-query on PATH")
def test_the_debian_packages_of_this_machine():
    fields = ["db:Status-Status", "Package", "Version", "Architecture"]
    fields += ["source:Package", "source:Version"]
    form = " ".join(f"${{{field}}}" for field in fields) + "\n"
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    expected = {
        tuple(line.split()[1:]) for line in told if line.startswith("installed")
    }
    files = [Path("/var/lib/dpkg/status"), Path("/etc/os-release")]

    report = scanned({str(path)[1:]: path.read_bytes() for path in files})

    assert {
        _as_dpkg_says(component.purl) for component in report.components
    } == expected


def _as_dpkg_says(purl):
    package = PackageURL.from_string(purl)
    source, _, version = package.qualifiers.get("upstream", "").partition("@")
    return (
        package.name,
        package.version,
        package.qualifiers["arch"],
        source or package.name,
        version or package.version,
    )


def test_copyright_files_of_this_machine_name_licenses():
    paths = sorted(Path("/usr/share/doc").glob("*/copyright"))[:100]
    if len(paths) < 20:
        pytest.skip("hardly any copyright file is installed here")
    report = scanned(
        {
            "var/lib/dpkg/status": "".join(
                f"Package: {path.parent.name}\nVersion: 1\n\n" for path in paths
            ),
            **{str(path)[1:]: path.read_bytes() for path in paths},
        }
    )
    licensed = [component for component in report.components if component.licenses]

    assert len(licensed) > 0.7 * len(report.components)


def test_the_python_distributions_of_this_environment():
    site = Path(sysconfig.get_path("purelib"))
    files = {
        f"site/{path.relative_to(site)}": path.read_bytes()
        for pattern in ("*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info")
        for path in site.glob(pattern)
        if path.is_file()
    }
    expected = {
        PackageURL("pypi", None, each.metadata["Name"], each.version).to_string()
        for each in importlib.metadata.distributions(path=[str(site)])
    }

    components = found(files)

    assert set(components) == expected
    assert components["pkg:pypi/django@" + _version("django")].licenses == (
        "BSD-3-Clause",
    )


def _version(name):
    return importlib.metadata.version(name)
