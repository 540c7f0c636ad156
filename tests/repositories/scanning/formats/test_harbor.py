from __future__ import annotations

import pytest

from repositories.scanning import formats
from repositories.scanning.report import Kind
from tests.repositories.scanning.formats import samples


def read(document):
    return formats.read(samples.encoded(document))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "application/vnd.security.vulnerability.report; version=1.1",
        "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
    ],
)
def test_report_of_an_adapter_and_of_harbors_api(key):
    document = {key: samples.harbor()} if key else samples.harbor()
    report = read(document)
    (found,) = report.vulnerabilities

    assert report.format == "Harbor vulnerability report"
    assert (report.source, report.digests) == ("Trivy 0.55.1", {samples.DIGEST})
    assert report.coverage == {Kind.VULNERABILITIES: None}
    assert (found.id, found.severity) == ("CVE-2024-0001", "High")
    assert found.purl == "pkg:generic/openssl@3.0.1-1"
    assert (found.cvss3, found.vector) == (9.8, samples.VECTOR)
    assert (found.fixed_version, found.layer) == ("3.0.2-1", samples.LAYER)
    assert found.link == "https://example.test/1"


@pytest.mark.parametrize("empty", [None, []])
def test_a_clean_image_may_list_null(empty):
    report = read(samples.harbor(vulnerabilities=empty))

    assert report.coverage == {Kind.VULNERABILITIES: None}


def test_of_a_clean_image_the_list_may_be_left_out():
    document = samples.harbor()
    del document["vulnerabilities"]

    assert read(document).coverage == {Kind.VULNERABILITIES: None}


@pytest.mark.parametrize("fields", [{"media_type": "application/spdx+json"}, {}])
def test_a_report_of_an_sbom_without_one_is_no_clean_image(fields):
    document = samples.harbor() | fields
    del document["vulnerabilities"]
    if not fields:
        del document["severity"]

    with pytest.raises(formats.UnreadableReport, match="not known"):
        read(document)


def test_what_trivys_adapter_passes_on_is_used():
    document = samples.harbor()
    document["vulnerabilities"][0] |= {
        "preferred_cvss": None,
        "vendor_attributes": {"CVSS": {"nvd": {"V3Score": 7.5}}},
    }

    assert read(document).vulnerabilities[0].cvss3 == 7.5


@pytest.mark.parametrize("build", [samples.spdx, samples.cyclonedx])
def test_sbom_report(build):
    inner = "sha256:" + "ee" * 32
    report = read(samples.harbor_sbom(build(inner)))

    assert report.source == "Trivy 0.55.1"
    assert report.digests == {samples.DIGEST}  # the adapter's word is what counts
    assert report.coverage[Kind.COMPONENTS] is None
    assert samples.OPENSSL in {found.purl for found in report.components}
