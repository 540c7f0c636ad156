from __future__ import annotations

from datetime import UTC, datetime

import pytest

from repositories.scanning import formats
from repositories.scanning.formats.reading import NO_COMPONENT
from repositories.scanning.formats.trivy_coverage import UNDECIDED
from repositories.scanning.report import FoundComponent, Kind, Place
from tests.repositories.scanning.formats import samples

COMPONENTS, LICENSES, VULNERABILITIES = Kind


def read(document, *complete):
    return formats.read(samples.encoded(document), complete=frozenset(complete))


def with_finding(**fields):
    document = samples.trivy()
    finding = samples.trivy_vulnerability(**fields)
    document["Results"][0]["Vulnerabilities"] = [finding]
    return read(document).vulnerabilities[0]


def result(**fields):
    return {"Target": "x (debian 12.5)", "Class": "os-pkgs", "Type": "debian"} | fields


def test_image():
    report = read(samples.trivy())

    assert report.format == "Trivy JSON"
    assert report.source == "Trivy 0.55.1"
    assert report.digests == {samples.DIGEST}
    assert report.config_digests == {samples.CONFIG}
    assert report.distribution == "debian 12.5"
    assert report.generated_at == datetime(2026, 1, 2, 2, 4, 5, 123456, UTC)
    assert report.advisories_at is None
    assert report.coverage == dict.fromkeys(Kind)
    assert report.components == (
        FoundComponent(samples.OPENSSL, ("Apache-2.0",), (Place(samples.LAYER),)),
        FoundComponent(
            samples.EXPRESS,
            ("MIT",),
            (Place(samples.LAYER, "app/node_modules/express/package.json"),),
        ),
    )


def test_finding():
    found = with_finding()

    assert found.id == "CVE-2024-0001"
    assert found.purl == samples.OPENSSL
    assert found.aliases == ()  # an announcement is no name of a vulnerability
    assert (found.severity, found.fixed_version) == ("HIGH", "3.0.2-1")
    assert (found.cvss3, found.cvss2, found.vector) == (9.8, 7.5, samples.VECTOR)
    assert found.summary == "openssl: reads too far"
    assert found.link == "https://example.test/cve-2024-0001"
    assert found.layer == samples.LAYER


@pytest.mark.parametrize(
    ("cvss", "cvss3"),
    [
        ({"nvd": {"V3Score": 5}, "debian": {"V3Score": 9}}, 5),
        ({"ghsa": {"V3Score": 5}, "debian": {"V3Score": 4}}, 4),
        ({"redhat": {"V3Score": 9}, "ghsa": {"V3Score": 5}}, 5),
        ({"redhat": {"V3Score": 3}, "bitnami": {"V3Score": 5}}, 3),
        ({"bitnami": {"V3Score": 3}, "julia": {"V3Score": 5}}, 5),
        ({"nvd": {"V2Score": 5}, "redhat": {"V3Score": 6}}, 6),
        ({"nvd": {"V3Vector": samples.VECTOR}}, 9.8),
    ],
)
def test_the_score_is_of_the_source_that_counts_most(cvss, cvss3):
    assert with_finding(CVSS=cvss).cvss3 == cvss3


def test_a_score_of_cvss_4_only_gives_the_word_that_is_missing():
    cvss = {"ghsa": {"V40Score": 9.3, "V40Vector": samples.VECTOR_4}}
    found = with_finding(CVSS=cvss, Severity="")

    assert (found.cvss3, found.cvss2) == (None, None)
    assert (found.vector, found.severity) == (samples.VECTOR_4, "critical")
    assert with_finding(CVSS=cvss, Severity="LOW").severity == "LOW"


def test_the_cve_among_the_names_is_the_id():
    found = with_finding(
        VulnerabilityID="GHSA-aaaa-bbbb-cccc", VendorIDs=["cve-2024-7777"]
    )

    assert (found.id, found.aliases) == ("CVE-2024-7777", ("GHSA-aaaa-bbbb-cccc",))


def test_the_same_finding_twice_is_one_at_its_worst():
    document = samples.trivy()
    document["Results"][0]["Vulnerabilities"] = [
        samples.trivy_vulnerability(Severity="LOW", FixedVersion="", CVSS={}),
        samples.trivy_vulnerability(),
    ]
    (found,) = read(document).vulnerabilities

    assert (found.severity, found.cvss3, found.fixed_version) == (
        "HIGH",
        9.8,
        "3.0.2-1",
    )


@pytest.mark.parametrize(
    ("kind", "name", "purl"),
    [
        ("alpine", "musl", "pkg:apk/alpine/musl@1.0"),
        ("ubuntu", "bash", "pkg:deb/ubuntu/bash@1.0"),
        ("redhat", "bash", "pkg:rpm/redhat/bash@1.0"),
        ("opensuse-leap", "bash", "pkg:rpm/opensuse-leap/bash@1.0"),
        ("node-pkg", "@angular/core", "pkg:npm/%40angular/core@1.0"),
        ("jar", "org.apache:log4j", "pkg:maven/org.apache/log4j@1.0"),
        ("gobinary", "example.test/x/y", "pkg:golang/example.test/x/y@1.0"),
        ("python-pkg", "Django", "pkg:pypi/django@1.0"),
        ("", "thing", "pkg:generic/thing@1.0"),
        ("new kind", "", "pkg:generic/unknown@1.0"),
    ],
)
def test_a_package_without_purl_gets_one(kind, name, purl):
    finding = samples.trivy_vulnerability(PkgName=name, InstalledVersion="1.0")
    del finding["PkgIdentifier"], finding["PkgID"]
    document = samples.trivy(Results=[result(Type=kind, Vulnerabilities=[finding])])

    assert read(document).vulnerabilities[0].purl == purl


def test_a_package_of_old_reports_has_its_whole_version():
    package = {"Name": "bash", "Version": "5.1", "Release": "2", "Epoch": 1}
    report = read(samples.trivy(Results=[result(Packages=[package])]))

    assert report.components[0].purl == "pkg:deb/debian/bash@1:5.1-2"


def test_a_finding_is_in_the_listed_package_of_its_id():
    document = samples.trivy()
    document["Results"][0]["Vulnerabilities"][0]["PkgIdentifier"] = {}

    assert read(document).vulnerabilities[0].purl == samples.OPENSSL


def test_findings_alone_list_no_components():
    document = samples.trivy(
        Results=[result(Vulnerabilities=[{"VulnerabilityID": "X"}])]
    )

    assert read(document).coverage == {VULNERABILITIES: None}


def test_components_that_findings_mention_count_if_the_bearer_says_so():
    document = samples.trivy(
        Results=[result(Vulnerabilities=[samples.trivy_vulnerability()])]
    )
    report = read(document, COMPONENTS)

    assert [found.purl for found in report.components] == [samples.OPENSSL]
    assert report.coverage == {COMPONENTS: None, VULNERABILITIES: None}


def test_packages_without_findings_may_not_have_been_scanned():
    document = samples.trivy()
    del document["Results"][0]["Vulnerabilities"]

    assert read(document).coverage[VULNERABILITIES] == UNDECIDED
    assert read(document, VULNERABILITIES).coverage[VULNERABILITIES] is None


def test_an_empty_list_of_vulnerabilities_was_looked_for():
    document = samples.trivy()
    document["Results"][0]["Vulnerabilities"] = []

    assert read(document).coverage[VULNERABILITIES] is None


@pytest.mark.parametrize("recent", [True, False])
def test_a_result_without_anything_was_clean_before_packages_were_listed(recent):
    document = samples.trivy(Results=[result()])
    if not recent:
        del document["Trivy"]

    assert read(document).coverage == {VULNERABILITIES: UNDECIDED if recent else None}


@pytest.mark.parametrize("kind", ["fedora", "conda-pkg"])
def test_packages_that_trivy_has_no_advisories_about_are_unknown(kind):
    listed = result(Type=kind, Packages=[{"Name": "bash", "Version": "5"}])
    report = read(samples.trivy(Results=[listed]), *Kind)
    gap = report.coverage[VULNERABILITIES]
    assert gap is not None
    assert kind in gap.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"Metadata": {"OS": {"Family": "debian", "Name": "9", "EOSL": True}}},
        {
            "Results": [
                result(
                    Packages=[{"Name": "bash"}],
                    ExperimentalModifiedFindings=[
                        {"Type": "vulnerability", "Status": "not_affected"}
                    ],
                )
            ]
        },
    ],
)
def test_what_only_a_scan_for_vulnerabilities_knows_tells_of_one(fields):
    document = samples.trivy()
    del document["Results"][0]["Vulnerabilities"]
    report = read(document | fields)

    assert report.coverage[VULNERABILITIES] is None
    assert report.vulnerabilities == ()


@pytest.mark.parametrize("results", [None, []])
def test_an_image_of_which_nothing_is_recognised_is_not_clean(results):
    document = samples.trivy(Results=results, Metadata={})
    gaps = {COMPONENTS: NO_COMPONENT, VULNERABILITIES: NO_COMPONENT}

    assert read(document).coverage == gaps
    assert read(document, *gaps).coverage == gaps


def test_a_distribution_without_its_packages_is_a_gap():
    document = samples.trivy()
    del document["Results"][0]
    document["Results"][0]["Vulnerabilities"] = [samples.trivy_vulnerability()]
    coverage = read(document).coverage

    for kind in (COMPONENTS, VULNERABILITIES):
        assert "debian" in coverage[kind].reason


def test_licenses_listed_apart_belong_to_their_packages():
    document = samples.trivy()
    document["Results"] += [
        {
            "Target": "OS Packages",
            "Class": "license",
            "Licenses": [{"PkgName": "openssl", "Name": "OpenSSL"}],
        },
        {
            "Target": "Loose File License(s)",
            "Class": "license-file",
            "Licenses": [{"FilePath": "/app/COPYING", "Name": "GPL-3.0-only"}],
        },
    ]
    licenses = {found.purl: found.licenses for found in read(document).components}

    assert licenses[samples.OPENSSL] == ("Apache-2.0", "OpenSSL")
    assert licenses["pkg:generic/app/COPYING"] == ("GPL-3.0-only",)


def test_a_scan_for_licenses_covers_nothing_else():
    licenses = [{"PkgName": "bash", "Name": "GPL-3.0-only"}]
    document = samples.trivy(
        Results=[{"Target": "x", "Class": "license", "Licenses": licenses}]
    )
    report = read(document)

    assert report.coverage == {LICENSES: None}
    assert report.components[0].licenses == ("GPL-3.0-only",)


def test_packages_without_any_license_were_not_looked_at_for_licenses():
    document = samples.trivy()
    for found in document["Results"]:
        del found["Packages"][0]["Licenses"]

    assert LICENSES not in read(document).coverage


def test_secrets_and_misconfigurations_are_passed_over():
    document = samples.trivy()
    document["Results"] = [
        {"Target": "Dockerfile", "Class": "config", "Misconfigurations": [{"ID": "x"}]},
        {"Target": "key", "Class": "secret", "Secrets": [{"RuleID": "x"}]},
    ]

    assert read(document).coverage == {}


def test_schema_1_was_a_bare_list():
    finding = samples.trivy_vulnerability()
    report = read(
        [
            {"Target": "x", "Type": "alpine", "Vulnerabilities": [finding]},
            {"Target": "y", "Type": "npm", "Vulnerabilities": None},
        ]
    )

    assert report.coverage == {VULNERABILITIES: None}
    assert (report.source, report.digests) == ("Trivy", frozenset())
    assert len(report.vulnerabilities) == 1


def test_the_name_of_the_artifact_may_hold_the_digest():
    document = samples.trivy(
        ArtifactName=f"website@{samples.DIGEST}", Metadata={"RepoDigests": None}
    )

    assert read(document).digests == {samples.DIGEST}


def test_a_finding_without_an_id_is_refused():
    document = samples.trivy()
    document["Results"][0]["Vulnerabilities"][0]["VulnerabilityID"] = ""

    with pytest.raises(
        formats.UnreadableReport,
        match=r"^Results\[0\]\.Vulnerabilities\[0\] has no VulnerabilityID\.$",
    ):
        read(document)
