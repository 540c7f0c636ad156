from __future__ import annotations

import pytest

from repositories.scanning import formats
from repositories.scanning.formats.cyclonedx import STATEMENT
from repositories.scanning.formats.reading import NO_COMPONENT
from repositories.scanning.report import FoundComponent, Kind, Place
from tests.repositories.scanning.formats import samples

COMPONENTS, LICENSES, VULNERABILITIES = Kind


def read(document, *complete):
    return formats.read(samples.encoded(document), complete=frozenset(complete))


def with_component(**fields):
    document = samples.cyclonedx(components=[{"name": "x", "type": "library"} | fields])
    del document["vulnerabilities"]
    return read(document)


def with_vulnerability(**fields):
    document = samples.cyclonedx()
    document["vulnerabilities"][0] |= fields
    return read(document).vulnerabilities


def test_image():
    report = read(samples.cyclonedx())

    assert (report.format, report.source) == ("CycloneDX", "grype 0.80.0")
    assert report.digests == {samples.DIGEST}
    assert report.config_digests == {samples.CONFIG}
    assert report.coverage == dict.fromkeys(Kind)
    assert report.components == (
        FoundComponent(samples.OPENSSL, ("Apache-2.0",), (Place(samples.LAYER),)),
        FoundComponent(
            samples.EXPRESS, ("MIT OR Apache-2.0",), (Place(path="app/package.json"),)
        ),
    )


def test_finding():
    (found,) = read(samples.cyclonedx()).vulnerabilities

    assert (found.id, found.purl) == ("CVE-2024-0001", samples.OPENSSL)
    assert found.severity == "low"  # the word of the source that it is from
    assert (found.cvss3, found.vector) == (9.8, samples.VECTOR)
    assert found.summary == "openssl reads too far"
    assert found.link == "https://example.test/1"
    assert found.layer == samples.LAYER


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_versions(version):
    assert read(samples.cyclonedx(specVersion=version)).components


@pytest.mark.parametrize("version", ["1.1", "2.0", "", None])
def test_other_versions_are_refused(version):
    with pytest.raises(formats.UnreadableReport, match=r"write 1\.2 to 1\.7"):
        read(samples.cyclonedx(specVersion=version))


@pytest.mark.parametrize(
    "component",
    [
        {"purl": f"pkg:oci/website@{samples.DIGEST}?arch=amd64"},
        {"purl": f"pkg:oci/website@{samples.DIGEST.replace(':', '%3A')}"},
        {"purl": f"pkg:docker/website@1?digest={samples.DIGEST}&platform=linux"},
        {"bom-ref": f"pkg:oci/website@{samples.DIGEST}"},
        {"version": samples.DIGEST},
        {"type": "container", "hashes": [{"alg": "SHA-256", "content": "d1" * 32}]},
        {"name": f"registry.test/website@{samples.DIGEST}"},
        {
            "properties": [
                {
                    "name": "aquasecurity:trivy:RepoDigest",
                    "value": f"website@{samples.DIGEST}",
                }
            ]
        },
    ],
)
def test_the_digest_stands_in_many_places(component):
    document = samples.cyclonedx(metadata={"component": component})

    assert read(document).digests == {samples.DIGEST}


def test_the_purl_of_a_package_names_no_image():
    purl = f"pkg:generic/website@{samples.DIGEST}"
    document = samples.cyclonedx(metadata={"component": {"purl": purl}})

    assert read(document).digests == frozenset()


def test_nested_components_are_read():
    inner = {"name": "inner", "components": [{"name": "innermost"}]}
    report = with_component(components=[inner])

    assert [found.purl for found in report.components] == [
        "pkg:generic/x",
        "pkg:generic/inner",
        "pkg:generic/innermost",
    ]


@pytest.mark.parametrize("kind", ["file", "operating-system", "cryptographic-asset"])
def test_what_is_no_package_is_no_component(kind):
    assert with_component(type=kind).components == ()


def test_the_operating_system_is_the_distribution():
    found = with_component(type="operating-system", name="alpine", version="3.20")

    assert found.distribution == "alpine 3.20"


def test_a_lock_file_is_no_component():
    property_ = {"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}

    assert with_component(type="application", properties=[property_]).components == ()


@pytest.mark.parametrize(
    ("licenses", "found"),
    [
        ([{"license": {"id": "MIT"}}, {"license": {"name": "A B"}}], ("MIT", "A B")),
        ([{"expression": "MIT AND (X OR Y)"}], ("MIT AND (X OR Y)",)),
        ([{"license": {"url": "https://x.test/l"}}], ("https://x.test/l",)),
        ([{"license": {"id": ""}}, {}, "MIT", None], ()),
        ([], ()),
    ],
)
def test_licenses(licenses, found):
    report = with_component(licenses=licenses)

    assert report.components[0].licenses == found
    assert report.coverage == {COMPONENTS: None} | ({LICENSES: None} if found else {})


def test_licenses_found_in_files_count_where_none_is_declared():
    evidence = {"licenses": [{"license": {"id": "MIT"}}]}

    assert with_component(evidence=evidence).components[0].licenses == ("MIT",)


def test_places():
    report = with_component(
        properties=[
            {"name": "aquasecurity:trivy:FilePath", "value": "app/x.jar"},
            {"name": "syft:location:0:layerID", "value": samples.LAYER},  # a DiffID
            {"name": "syft:location:1:path", "value": "/opt/x.jar"},
        ],
        evidence={"occurrences": [{"location": "/srv/x.jar"}]},
    )

    assert [place.path for place in report.components[0].places] == [
        "app/x.jar",
        "opt/x.jar",
        "srv/x.jar",
    ]
    assert {place.layer for place in report.components[0].places} == {""}


def test_a_component_listed_twice_is_one():
    document = samples.cyclonedx()
    twice = document["components"][0] | {"licenses": [{"license": {"id": "MIT"}}]}
    document["components"].append(twice)
    found = read(document).components

    assert len(found) == 2
    assert found[0].licenses == ("Apache-2.0", "MIT")


def test_without_the_list_vulnerabilities_were_not_looked_for():
    document = samples.cyclonedx(vulnerabilities=None)
    assert VULNERABILITIES not in read(document).coverage

    del document["vulnerabilities"]
    assert VULNERABILITIES not in read(document).coverage
    assert read(document, VULNERABILITIES).coverage[VULNERABILITIES] is None


@pytest.mark.parametrize(("tool", "told"), [("grype", True), ("trivy", False)])
def test_an_empty_list_counts_if_the_tool_writes_it_knowingly(tool, told):
    document = samples.cyclonedx(vulnerabilities=[])
    document["metadata"]["tools"] = [{"vendor": "x", "name": tool, "version": "1"}]
    report = read(document)

    assert report.source == f"{tool} 1"
    assert (report.coverage[VULNERABILITIES] is None) == told


def test_judgements_of_single_vulnerabilities_are_no_scan():
    document = samples.cyclonedx()
    del document["components"]
    document["vulnerabilities"][0]["analysis"] = {"state": "not_affected"}
    report = read(document)

    assert report.vulnerabilities == ()
    assert report.coverage == {VULNERABILITIES: STATEMENT}


def test_cdxgen_notes_the_image_in_properties():
    properties = [
        {"name": "oci:image:Id", "value": samples.CONFIG},
        {"name": "oci:image:RepoDigest", "value": f"website@{samples.DIGEST}"},
    ]
    report = read(samples.cyclonedx(metadata={"properties": properties}))

    assert report.digests == {samples.DIGEST}
    assert report.config_digests == {samples.CONFIG}


def test_vectors_without_their_version_get_it():
    rating = {"method": "CVSSv31", "vector": samples.VECTOR.removeprefix("CVSS:3.1/")}
    (found,) = with_vulnerability(ratings=[rating])

    assert (found.cvss3, found.vector) == (9.8, samples.VECTOR)


@pytest.mark.parametrize("complete", [(), tuple(Kind)])
def test_an_empty_sbom_is_not_clean(complete):
    document = samples.cyclonedx(components=[], vulnerabilities=[])

    assert set(read(document, *complete).coverage.values()) == {NO_COMPONENT}


def test_an_sbom_that_calls_itself_incomplete_is_so():
    compositions = [{"aggregate": "incomplete", "assemblies": ["image"]}]
    coverage = read(samples.cyclonedx(compositions=compositions), COMPONENTS).coverage

    assert "incomplete" in coverage[COMPONENTS].reason


@pytest.mark.parametrize(
    ("state", "counts"),
    [("exploitable", 1), ("in_triage", 1), ("not_affected", 0), ("false_positive", 0)],
)
def test_what_was_judged_harmless_is_no_finding(state, counts):
    assert len(with_vulnerability(analysis={"state": state})) == counts


@pytest.mark.parametrize(
    ("versions", "counts", "fixed"),
    [
        ([{"version": "3.0.1-1", "status": "affected"}], 1, ""),
        ([{"version": "3.0.1-1", "status": "unaffected"}], 0, ""),
        ([{"version": "3.0.1", "status": "unaffected"}], 1, "3.0.1"),
        ([{"range": "vers:deb/>=3.0.2", "status": "unaffected"}], 1, "3.0.2"),
    ],
)
def test_versions_affected_and_fixed(versions, counts, fixed):
    found = with_vulnerability(affects=[{"ref": "a", "versions": versions}])

    assert len(found) == counts
    assert [one.fixed_version for one in found] == [fixed] * counts


def test_trivy_recommends_the_fixed_version_per_package():
    text = "Upgrade libssl3 to version 3.0.3; Upgrade openssl to version 3.0.2-1"
    (found,) = with_vulnerability(recommendation=text)

    assert found.fixed_version == "3.0.2-1"


@pytest.mark.parametrize(
    ("ref", "purl"),
    [
        ("b", samples.EXPRESS),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#b", samples.EXPRESS),
        ("pkg:npm/other@1.0", "pkg:npm/other@1.0"),
        ("image", "pkg:generic/registry.test/dev/website@sha256:" + "d1" * 32),
        ("nowhere", "pkg:generic/nowhere"),
    ],
)
def test_what_a_finding_is_in(ref, purl):
    (found,) = with_vulnerability(affects=[{"ref": ref}])

    assert found.purl == purl


def test_a_finding_without_a_component_is_not_lost():
    (found,) = with_vulnerability(affects=[])

    assert found.purl == "pkg:generic/unknown"


def test_the_cve_among_the_references_is_the_id():
    (found,) = with_vulnerability(
        id="GHSA-aaaa-bbbb-cccc", references=[{"id": "CVE-2024-0009"}]
    )

    assert (found.id, found.aliases) == ("CVE-2024-0009", ("GHSA-aaaa-bbbb-cccc",))


@pytest.mark.parametrize(
    ("ratings", "severity"),
    [
        ([{"severity": "low"}], "low"),
        ([{"source": {"name": "x"}, "severity": "high"}, {"severity": "low"}], "low"),
        (
            [
                {"source": {"name": "x"}, "severity": "low"},
                {"source": {"name": "NVD"}, "severity": "medium"},
                {"source": {"name": "y"}, "severity": "high"},
            ],
            "medium",
        ),
        (
            [
                {"source": {"name": "x"}, "severity": "low"},
                {"source": {"name": "y"}, "severity": "high"},
            ],
            "high",
        ),
        ([{"method": "CVSSv4", "vector": samples.VECTOR_4}], "critical"),
        ([{"method": "other", "score": 0.9}], ""),
    ],
)
def test_severity(ratings, severity):
    (found,) = with_vulnerability(ratings=ratings)

    assert found.severity == severity


def test_a_finding_without_an_id_is_refused():
    with pytest.raises(
        formats.UnreadableReport, match=r"vulnerabilities\[0\] has no id"
    ):
        with_vulnerability(id=None)
