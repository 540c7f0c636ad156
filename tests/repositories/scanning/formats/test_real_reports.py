from __future__ import annotations

from pathlib import Path

import pytest

from repositories.scanning import formats
from repositories.scanning.report import Kind

FOLDER = Path(__file__).parents[5] / "shared" / "data" / "reports"
SBOM = {"components", "licenses"}
# Files: format, components, of which with a license, licenses, findings, kinds covered.
EXPECTED = {
    "cyclonedx-1.4-laravel.json": ("CycloneDX", 62, 62, 3, 0, SBOM),
    "cyclonedx-dropwizard.json": ("CycloneDX", 167, 133, 23, 0, SBOM),
    "trivy-alpine-310.gsbom.json": (
        "GitHub dependency snapshot",
        14,
        0,
        0,
        0,
        {"components"},
    ),
    "trivy-alpine-310.json": ("Trivy JSON", 0, 0, 0, 4, {"vulnerabilities"}),
    "trivy-centos-7.json": ("Trivy JSON", 0, 0, 0, 3, {"vulnerabilities"}),
    "trivy-conda-cyclonedx.json": ("CycloneDX", 2, 2, 2, 0, SBOM),
    "trivy-conda-spdx.json": ("SPDX", 2, 2, 2, 0, SBOM),
    "trivy-debian-buster.json": ("Trivy JSON", 0, 0, 0, 2, {"vulnerabilities"}),
    "trivy-distroless-python27.json": ("Trivy JSON", 0, 0, 0, 4, {"vulnerabilities"}),
    "trivy-fluentd-multiple-lockfiles-short.cdx.json": (
        "CycloneDX",
        3,
        1,
        1,
        3,
        SBOM | {"vulnerabilities"},
    ),
    "trivy-npm.json": ("Trivy JSON", 12, 5, 1, 1, SBOM | {"vulnerabilities"}),
    "trivy-pip.json": ("Trivy JSON", 7, 0, 0, 2, {"components", "vulnerabilities"}),
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the folder of real reports is not here"
)


def test_every_real_report_is_expected():
    assert {path.name for path in FOLDER.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_real_report(name):
    with (FOLDER / name).open("rb") as stream:
        report = formats.read(stream)

    assert (
        report.format,
        len(report.components),
        sum(bool(found.licenses) for found in report.components),
        len({name for found in report.components for name in found.licenses}),
        len(report.vulnerabilities),
        {kind.value for kind, gap in report.coverage.items() if gap is None},
    ) == EXPECTED[name]


def test_an_sbom_of_trivy_is_no_proof_that_it_looked_for_vulnerabilities():
    raw = (FOLDER / "trivy-conda-cyclonedx.json").read_bytes()

    assert formats.read(raw).coverage[Kind.VULNERABILITIES] is not None

    stated = formats.read(raw, complete=frozenset({Kind.VULNERABILITIES}))
    assert stated.coverage[Kind.VULNERABILITIES] is None


def test_findings_of_a_real_image():
    report = formats.read((FOLDER / "trivy-alpine-310.json").read_bytes())
    found = report.vulnerabilities[0]

    assert report.source == "Trivy dev"
    assert report.distribution == "alpine 3.10.2"
    assert [digest[:19] for digest in report.config_digests] == ["sha256:961769676411"]
    assert (found.id, found.severity, found.cvss3, found.cvss2) == (
        "CVE-2019-1549",
        "MEDIUM",
        5.3,
        5.0,
    )
    assert found.fixed_version == "1.1.1d-r0"
    assert found.layer.startswith("sha256:9d48c3bd43c5")
