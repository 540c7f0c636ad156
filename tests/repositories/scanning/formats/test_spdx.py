from __future__ import annotations

import pytest

from repositories.scanning import formats
from repositories.scanning.formats.reading import NO_COMPONENT
from repositories.scanning.report import FoundComponent, Kind, Place
from tests.repositories.scanning.formats import samples

COMPONENTS, LICENSES, VULNERABILITIES = Kind


def read(document, *complete):
    return formats.read(samples.encoded(document), complete=frozenset(complete))


def with_package(**fields):
    document = samples.spdx()
    document["packages"][1] |= fields
    return read(document)


def subject(**fields):
    return {"SPDXID": "SPDXRef-Root", "name": "website"} | fields


def described(subject, *packages):
    relation = {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relatedSpdxElement": "SPDXRef-Root",
        "relationshipType": "DESCRIBES",
    }
    return samples.spdx(packages=[subject, *packages], relationships=[relation])


def purl(text):
    return {"externalRefs": [{"referenceType": "purl", "referenceLocator": text}]}


def test_image():
    report = read(samples.spdx())

    assert (report.format, report.source) == ("SPDX", "syft 1.18.1")
    assert report.digests == {samples.DIGEST}
    assert report.coverage == {COMPONENTS: None, LICENSES: None}
    assert report.vulnerabilities == ()
    assert report.components == (
        FoundComponent(
            samples.OPENSSL,
            ("Apache-2.0", "An odd license"),
            (Place(path="var/lib/dpkg/status"),),
        ),
    )


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
def test_versions(version):
    assert read(samples.spdx(spdxVersion=version)).components


@pytest.mark.parametrize("version", ["SPDX-2.1", "SPDX-3.0", "", 2])
def test_other_versions_are_refused(version):
    with pytest.raises(formats.UnreadableReport, match=r"write 2\.2 or 2\.3"):
        read(samples.spdx(spdxVersion=version))


def test_version_3_is_refused_by_name():
    with pytest.raises(formats.UnreadableReport, match="SPDX 3 cannot be read"):
        read({"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": []})


@pytest.mark.parametrize(
    "fields",
    [
        {"versionInfo": samples.DIGEST},
        {
            "primaryPackagePurpose": "CONTAINER",
            "checksums": [{"algorithm": "SHA256", "checksumValue": "d1" * 32}],
        },
        purl(f"pkg:oci/website@{samples.DIGEST.replace(':', '%3A')}?arch=amd64"),
        purl(f"pkg:docker/website@1?digest={samples.DIGEST}"),
        {"attributionTexts": [f"RepoDigest: website@{samples.DIGEST}"]},
        {"annotations": [{"comment": f"RepoDigest: website@{samples.DIGEST}"}]},
    ],
)
def test_the_digest_stands_in_many_places(fields):
    assert read(described(subject(**fields))).digests == {samples.DIGEST}


def test_the_images_id_is_noted_by_trivy():
    note = {"annotations": [{"comment": f"ImageID: {samples.CONFIG}"}]}

    assert read(described(subject(**note))).config_digests == {samples.CONFIG}


def test_another_image_among_the_packages_is_a_component():
    base = "sha256:" + "ba" * 32
    package = {"SPDXID": "SPDXRef-Base", "name": "x"} | purl(f"pkg:oci/base@{base}")
    report = read(described(subject(versionInfo=samples.DIGEST), package))

    assert report.digests == {samples.DIGEST}
    assert len(report.components) == 1


def test_a_described_application_is_the_subject():
    package = {"SPDXID": "SPDXRef-1", "name": "express"} | purl(samples.EXPRESS)
    root = subject(SPDXID="SPDXRef-RootPackage", **purl("pkg:swid/x@1"))
    document = samples.spdx(
        packages=[root, package],
        relationships=[],
        documentDescribes=["SPDXRef-RootPackage"],
    )

    assert [found.purl for found in read(document).components] == [samples.EXPRESS]


def test_where_every_package_is_described_all_are_components():
    packages = [{"SPDXID": f"SPDXRef-{n}", "name": f"p{n}"} for n in range(3)]
    document = samples.spdx(
        packages=packages,
        relationships=[],
        documentDescribes=[package["SPDXID"] for package in packages],
    )

    assert len(read(document).components) == 3


def test_a_lone_package_is_a_component():
    assert len(read(described(subject())).components) == 1


@pytest.mark.parametrize("complete", [(), tuple(Kind)])
def test_an_sbom_of_nothing_but_the_image_is_not_clean(complete):
    document = described(subject(versionInfo=samples.DIGEST, **purl("pkg:oci/website")))

    assert set(read(document, *complete).coverage.values()) == {NO_COMPONENT}


@pytest.mark.parametrize(
    ("concluded", "declared", "licenses"),
    [
        ("MIT", "NOASSERTION", ("MIT",)),
        ("NOASSERTION", "MIT", ("MIT",)),
        ("MIT", "GPL-2.0-only", ("MIT",)),
        ("NONE", "MIT", ()),
        ("NOASSERTION", "NOASSERTION", ()),
        (None, None, ()),
        ("LicenseRef-odd", None, ("An odd license",)),
        ("LicenseRef-other", None, ("LicenseRef-other",)),
        ("MIT AND LicenseRef-odd", None, ("MIT", "An odd license")),
        ("MIT OR (LicenseRef-odd)", None, ("MIT OR (LicenseRef-odd)",)),
    ],
)
def test_licenses(concluded, declared, licenses):
    report = with_package(licenseConcluded=concluded, licenseDeclared=declared)

    assert report.components[0].licenses == licenses


def test_a_name_that_is_one_word_replaces_its_id_in_an_expression():
    document = samples.spdx()
    document["packages"][1]["licenseConcluded"] = "MIT OR LicenseRef-e"
    document["hasExtractedLicensingInfos"] = [
        {"licenseId": "LicenseRef-e", "name": "Expat"}
    ]

    assert read(document).components[0].licenses == ("MIT OR Expat",)


def test_where_nothing_is_asserted_licenses_were_not_looked_for():
    silent = {"licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION"}

    assert with_package(**silent).coverage == {COMPONENTS: None}
    assert with_package(licenseDeclared="NONE").coverage[LICENSES] is None


def test_the_operating_system_is_the_distribution():
    report = with_package(
        primaryPackagePurpose="OPERATING-SYSTEM",
        name="debian",
        versionInfo="12",
        externalRefs=[],
    )

    assert (report.distribution, report.components) == ("debian 12", ())


def test_a_lock_file_is_no_component():
    annotations = [{"comment": "Class: lang-pkgs"}]
    report = with_package(name="go.mod", externalRefs=[], annotations=annotations)

    assert report.components == ()


def test_layers_are_noted_by_trivy():
    annotations = [{"comment": f"LayerDigest: {samples.LAYER}"}]
    report = with_package(annotations=annotations, sourceInfo="built package from: x")

    assert report.components[0].places == (Place(samples.LAYER),)


@pytest.mark.parametrize("category", ["PACKAGE_MANAGER", "PACKAGE-MANAGER"])
@pytest.mark.parametrize("kind", ["purl", "http://spdx.org/rdf/references/purl"])
def test_both_spellings_of_references(category, kind):
    reference = {
        "referenceCategory": category,
        "referenceType": kind,
        "referenceLocator": samples.EXPRESS,
    }

    assert with_package(externalRefs=[reference]).components[0].purl == samples.EXPRESS


def test_a_package_without_purl_is_known_by_name_and_version():
    report = with_package(externalRefs=[], name="thing", versionInfo="2")

    assert report.components[0].purl == "pkg:generic/thing@2"


@pytest.mark.parametrize(
    ("creator", "source"),
    [
        ("Tool: syft-v0.42.0", "syft 0.42.0"),
        ("Tool: Microsoft.SBOMTool-2.2.3", "Microsoft.SBOMTool 2.2.3"),
        ("Tool: trivy-dev", "trivy-dev"),
        ("Tool: syft-[not provided]", "syft"),
        ("Organization: x", "SPDX"),
    ],
)
def test_source(creator, source):
    assert read(samples.spdx(creationInfo={"creators": [creator]})).source == source
