from __future__ import annotations

import json

import pytest

from repositories.scanning import formats
from repositories.scanning.report import Kind
from tests.repositories.scanning.formats import samples

INNER = "sha256:" + "ee" * 32


def read(document):
    return formats.read(samples.encoded(document))


@pytest.mark.parametrize(
    ("sbom", "kind"),
    [
        (samples.spdx(INNER), "https://spdx.dev/Document"),
        (samples.spdx(INNER), "https://spdx.dev/Document/v2.3"),
        (samples.cyclonedx(INNER), "https://cyclonedx.org/bom"),
        (samples.cyclonedx(INNER), "https://cyclonedx.org/bom/v1.6"),
    ],
)
def test_attestations_are_of_their_subject(sbom, kind):
    statement = samples.statement(sbom, kind)
    bundle = {"mediaType": "x", "dsseEnvelope": samples.dsse(statement)}

    for document in (statement, samples.dsse(statement), bundle):
        report = read(document)
        assert report.digests == {samples.DIGEST}
        assert report.coverage[Kind.COMPONENTS] is None


def test_a_statement_without_subject_leaves_the_sboms_own():
    statement = samples.statement(samples.spdx(INNER), "https://spdx.dev/Document")
    statement["subject"] = []

    assert read(statement).digests == {INNER}


@pytest.mark.parametrize("written", [json.dumps(samples.spdx()), samples.spdx()])
def test_cosign_once_put_the_sbom_into_data(written):
    predicate = {"Data": written, "Timestamp": ""}
    report = read(samples.statement(predicate, "https://spdx.dev/Document"))

    assert report.format == "SPDX"


def test_the_result_of_a_scan_in_an_attestation():
    predicate = {
        "scanner": {"uri": "x", "result": samples.trivy()},
        "metadata": {"scanFinishedOn": "2026-03-04T00:00:00Z"},
    }
    kind = "https://cosign.sigstore.dev/attestation/vuln/v1"
    report = read(samples.statement(predicate, kind))

    assert (report.format, report.digests) == ("Trivy JSON", {samples.DIGEST})
    assert report.generated_at.month == 3


@pytest.mark.parametrize("key", ["sbom", "SPDX"])
def test_what_githubs_and_dockers_commands_print(key):
    assert read({key: samples.spdx()}).format == "SPDX"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (samples.statement({}, "https://slsa.dev/provenance/v1"), "slsa.dev"),
        ({"payloadType": "x", "payload": "a"}, "not base64"),
        ({"payloadType": "x", "payload": "aGVsbG8="}, "payload cannot be read"),
        ({"payloadType": "x", "payload": 1}, "must be a text"),
        (samples.statement({"Data": 1}, "https://spdx.dev/Document"), "an object"),
    ],
)
def test_what_holds_no_report_is_refused(document, message):
    with pytest.raises(formats.UnreadableReport, match=message):
        read(document)
