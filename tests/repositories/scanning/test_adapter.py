"""The scanner adapter API as its specification and its implementations have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from repositories.outbound import Call, OutboundClient, Policy, parse_allowances
from repositories.scanning.adapter import (
    Adapter,
    AdapterFailed,
    Metadata,
    NotYet,
    ReportKind,
    ScanRequest,
    Submission,
    UnknownScan,
    merged,
)
from repositories.scanning.report import (
    FoundComponent,
    FoundVulnerability,
    Kind,
    Report,
)
from tests import scanner_adapter as script
from tests.scanner_adapter import failing, saying

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scanner_adapter import ScannerAdapter

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
V, W = ReportKind.VULNERABILITIES, ReportKind.VULNERABILITIES_1_0
C, S = ReportKind.CYCLONEDX, ReportKind.SPDX
REQUEST = ScanRequest(
    registry_url="https://registry.example.com",
    authorization="Basic c2NhbjpzZWNyZXQ=",
    repository="dev/website",
    digest=DIGEST,
    mime_type=script.OCI,
)


@pytest.fixture
def adapter(scanner_adapter: ScannerAdapter) -> Adapter:
    """A client of the scripted adapter, with little patience."""
    allowed = parse_allowances([f"scanner=127.0.0.1:{scanner_adapter.port}"])
    client = OutboundClient(Policy(allowed))

    def fetch(method: str, path: str, **values: Any) -> Any:
        url = f"{scanner_adapter.url}{path}"
        return client.send(Call("scanner", method, url, seconds=5.0, **values))

    return Adapter(fetch)


def submitted(adapter: Adapter, *kinds: ReportKind) -> str:
    return adapter.submit(REQUEST, kinds, is_typed=True)


def refusal(ask: Callable[[], object]) -> AdapterFailed:
    with pytest.raises(AdapterFailed) as raised:
        ask()
    return raised.value


# Metadata


def test_an_adapter_says_who_it_is_and_what_it_can(adapter):
    metadata = adapter.metadata()
    assert (metadata.name, metadata.vendor, metadata.version) == (
        "Probe",
        "Tests",
        "1.2.3",
    )
    assert metadata.kinds_for(script.OCI) == (V, C)
    assert metadata.kinds_for(script.DOCKER) == (V, C)
    assert metadata.kinds_for("application/vnd.oci.image.index.v1+json") == ()
    moment = datetime(2026, 11, 20, 8, 16, 33, 345000, UTC)
    assert metadata.database_updated_at == moment


def test_an_adapter_of_version_1_0_knows_vulnerabilities_only(adapter, scanner_adapter):
    scanner_adapter.capabilities = script.ONLY_1_0
    metadata = adapter.metadata()
    assert metadata.kinds_for(script.OCI) == (W,)
    assert not metadata.is_typed


@pytest.mark.parametrize(
    ("formats", "kind"),
    [
        ({}, S),
        ({"sbom_media_types": [script.SPDX]}, S),
        ({"sbom_media_types": [script.SPDX, script.CYCLONEDX]}, C),
    ],
)
def test_an_sbom_is_asked_for_in_a_format_that_the_adapter_makes(
    adapter, scanner_adapter, formats, kind
):
    sbom = script.capability("sbom", script.SBOM, additional_attributes=formats)
    scanner_adapter.capabilities = [sbom]
    assert adapter.metadata().kinds_for(script.OCI) == (kind,)


def test_media_types_are_compared_without_blanks_and_case(adapter, scanner_adapter):
    odd = "Application/vnd.security.vulnerability.report;version=1.1"
    scanner_adapter.capabilities = [script.capability("vulnerability", odd)]
    assert adapter.metadata().kinds_for(script.OCI) == (V,)


def test_metadata_is_asked_for_as_version_1_0_where_nothing_newer_is_made(
    adapter, scanner_adapter
):
    accepted: list[str] = []

    def metadata(handler: Any) -> None:
        accepted.append(handler.headers["Accept"])
        if "1.1" in accepted[-1]:
            handler.reply(406)
        else:
            scanner_adapter._metadata(handler)

    scanner_adapter.instead["metadata"] = metadata
    assert adapter.metadata().name == "Probe"
    assert len(accepted) == 2


def test_the_odd_parts_of_metadata_are_left_out():
    document = {
        "scanner": {"name": "a\x00b" + "c" * 999, "version": 7},
        "capabilities": [
            None,
            {"type": ["sbom"], "consumes_mime_types": "x", "produces_mime_types": [1]},
            *({"type": "x"} for _ in range(999)),
        ],
        "properties": ["x"],
    }
    metadata = Metadata.read(document)
    assert metadata is not None
    assert metadata.name.startswith("abc")
    assert len(metadata.name) < 201
    assert len(metadata.capabilities) < 20
    assert metadata.kinds_for(script.OCI) == ()
    json.dumps(metadata.as_json())


@pytest.mark.parametrize("document", [None, [], {}, {"scanner": {}}, "text", 7])
def test_what_is_no_metadata_is_none(document):
    assert Metadata.read(document) is None


@pytest.mark.parametrize(
    ("answer", "deed"),
    [
        (saying(200, b"<html>"), "answered something that is no JSON"),
        (saying(200, b"{}"), "answered something that is no scanner's description"),
        (saying(404), "has no scanner adapter API at this address"),
        (saying(401), "did not accept the user name, password or token"),
        (saying(403), "did not accept the user name, password or token"),
        (
            saying(302, Location="https://login.example.com/"),
            "sent us elsewhere, which is not followed",
        ),
        (failing(500, "out of order."), "reported an error (HTTP 500): out of order"),
        (saying(503, b"busy"), "reported an error (HTTP 503)"),
    ],
    ids=["html", "json", "404", "401", "403", "302", "500", "503"],
)
def test_what_else_comes_for_metadata_is_said(adapter, scanner_adapter, answer, deed):
    scanner_adapter.instead["metadata"] = answer
    assert str(refusal(adapter.metadata)) == deed


# Submitting


def test_a_scan_is_submitted_with_what_is_wanted(adapter, scanner_adapter):
    remote_id = submitted(adapter, V, C)
    assert scanner_adapter.scans[remote_id] == {
        "registry": {
            "url": "https://registry.example.com",
            "authorization": "Basic c2NhbjpzZWNyZXQ=",
        },
        "artifact": {
            "repository": "dev/website",
            "digest": DIGEST,
            "tag": "",
            "mime_type": script.OCI,
        },
        "enabled_capabilities": [
            {"type": "vulnerability", "produces_mime_types": [script.REPORT_1_1]},
            {
                "type": "sbom",
                "produces_mime_types": [script.SBOM],
                "parameters": {"sbom_media_types": [script.CYCLONEDX]},
            },
        ],
    }
    seen = scanner_adapter.server.seen[-1]
    assert seen.headers["Content-Type"].endswith("scan.request+json; version=1.1")


def test_an_adapter_of_version_1_0_gets_a_request_of_its_version(
    adapter, scanner_adapter
):
    remote_id = adapter.submit(REQUEST, (W,), is_typed=False)
    assert "enabled_capabilities" not in scanner_adapter.scans[remote_id]
    seen = scanner_adapter.server.seen[-1]
    assert seen.headers["Content-Type"].endswith("scan.request+json; version=1.0")


@pytest.mark.parametrize(
    ("status", "deed", "temporary"),
    [
        (400, "refused the request (HTTP 400): why", False),
        (422, "refused the request (HTTP 422): why", False),
        (500, "reported an error (HTTP 500): why", True),
        (501, "cannot scan this kind of image: why", False),
        (503, "reported an error (HTTP 503): why", True),
        (429, "reported an error (HTTP 429): why", True),
        (204, "refused the request (HTTP 204)", False),
    ],
)
def test_a_request_that_is_not_accepted_is_said(
    adapter, scanner_adapter, status, deed, temporary
):
    scanner_adapter.instead["scan"] = failing(status, "why", Retry_After="9")
    error = refusal(lambda: submitted(adapter, V))
    assert (str(error), error.temporary) == (deed, temporary)
    assert error.retry_after == (9.0 if temporary else None)


@pytest.mark.parametrize(
    "given", [None, "", 7, "a" * 181, "a\nb", "..", ["x"]], ids=repr
)
def test_a_scan_without_an_id_is_said(adapter, scanner_adapter, given):
    body = json.dumps({"id": given}).encode()
    scanner_adapter.instead["scan"] = saying(202, body)
    error = refusal(lambda: submitted(adapter, V))
    assert str(error) == "accepted the image without naming a scan to ask for"


def test_words_of_an_adapter_are_quoted_within_bounds(adapter, scanner_adapter):
    scanner_adapter.instead["scan"] = failing(400, "a\x1b[31m\n b " + "x" * 5000)
    said = str(refusal(lambda: submitted(adapter, V)))
    assert said.startswith("refused the request (HTTP 400): a[31m b xxx")
    assert len(said) < 300


# Reports


def test_reports_are_read(adapter, scanner_adapter):
    scanner_adapter.vulnerabilities = [script.vulnerability()]
    scanner_adapter.components = [
        script.component("pkg:deb/debian/openssl@3.0.1", "Apache-2.0")
    ]
    remote_id = submitted(adapter, V, C)
    found = adapter.report(remote_id, V, DIGEST)
    assert [one.id for one in found.vulnerabilities] == ["CVE-2026-0001"]
    sbom = adapter.report(remote_id, C, DIGEST)
    (component,) = sbom.components
    assert component.purl == "pkg:deb/debian/openssl@3.0.1"
    assert component.licenses == ("Apache-2.0",)


@pytest.mark.parametrize("name", ["Refresh-After", "Retry-After", "refresh-after"])
def test_a_report_that_is_not_ready_is_asked_for_later(adapter, scanner_adapter, name):
    scanner_adapter.polls_until_ready = 1
    scanner_adapter.wait_header = (name, "7")
    remote_id = submitted(adapter, V)
    with pytest.raises(NotYet) as raised:
        adapter.report(remote_id, V, DIGEST)
    assert raised.value.after_seconds == 7
    assert adapter.report(remote_id, V, DIGEST).source == "Probe 1.2.3"


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("", 5, 5),
        ("soon", 5, 5),
        ("0", 1, 1),
        ("-5", 5, 5),
        ("999999999999", 60, 60),
        (format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 1, 1),
        (format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True), 60, 60),
    ],
    ids=["none", "garbage", "zero", "negative", "huge", "past", "future"],
)
def test_the_time_to_wait_is_bounded(adapter, scanner_adapter, value, least, most):
    scanner_adapter.polls_until_ready = 1
    scanner_adapter.wait_header = ("Refresh-After", value)
    remote_id = submitted(adapter, V)
    with pytest.raises(NotYet) as raised:
        adapter.report(remote_id, V, DIGEST)
    assert least <= raised.value.after_seconds <= most


@pytest.mark.parametrize(
    "location",
    [
        "",
        "report",
        "/api/v1/scan/x%2fy/report",
        "/api/v1/scan/x/y/report?sbom_media_type=z",
        "http://inside:8080/scanner/api/v1/scan/x%2Fy/report",
    ],
)
def test_a_redirect_to_the_report_itself_means_not_ready(
    adapter, scanner_adapter, location
):
    headers = {"Location": location} if location else {}
    scanner_adapter.instead["report"] = saying(302, **headers)
    with pytest.raises(NotYet):
        adapter.report("x/y", V, DIGEST)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_is_not_followed(
    adapter, scanner_adapter, make_server, status
):
    elsewhere = make_server(saying(200, b"{}"))
    location = f"{elsewhere.url}/login"
    scanner_adapter.instead["report"] = saying(status, Location=location)
    error = refusal(lambda: adapter.report("x", V, DIGEST))
    assert str(error) == "sent us elsewhere, which is not followed"
    assert elsewhere.seen == []


def test_a_scan_that_is_not_known_is_told_apart(adapter):
    with pytest.raises(UnknownScan):
        adapter.report("never-submitted", V, DIGEST)


@pytest.mark.parametrize("kind", [V, C])
@pytest.mark.parametrize(
    ("digest", "deed"),
    [
        (OTHER, f"answered for another image ({OTHER})"),
        ("", "did not say of which image its report is"),
        ("x" * 500, f"answered for another image ({'x' * 80})"),
    ],
    ids=["other", "none", "long"],
)
def test_a_report_must_name_the_image(adapter, scanner_adapter, kind, digest, deed):
    scanner_adapter.digest = digest
    remote_id = submitted(adapter, V, C)
    error = refusal(lambda: adapter.report(remote_id, kind, DIGEST))
    assert str(error) == deed
    assert not error.temporary


def test_a_finding_cannot_name_the_image_for_the_report(adapter, scanner_adapter):
    scanner_adapter.digest = OTHER
    scanner_adapter.vulnerabilities = [script.vulnerability(artifact_digests=[DIGEST])]
    remote_id = submitted(adapter, V)
    error = refusal(lambda: adapter.report(remote_id, V, DIGEST))
    assert "another image" in str(error)


@pytest.mark.parametrize(
    ("answer", "deed"),
    [
        (saying(200, b"\xff\xfe\x00garbage"), "sent a report that cannot be read: "),
        (saying(200, b"[" * 100_000), "sent a report that cannot be read: "),
        (saying(200, b""), "sent a report that cannot be read: "),
        (saying(200, b'{"vulnerabilities": []}'), "sent a report that cannot be read"),
        (failing(400, "no"), "refused the request (HTTP 400): no"),
        (failing(500, "broken"), "reported an error (HTTP 500): broken"),
        (failing(501, "no"), "cannot scan this kind of image: no"),
    ],
    ids=["bytes", "deep", "empty", "nothing", "400", "500", "501"],
)
def test_what_else_comes_for_a_report_is_said(adapter, scanner_adapter, answer, deed):
    scanner_adapter.instead["report"] = answer
    error = refusal(lambda: adapter.report("x", V, DIGEST))
    assert str(error).startswith(deed)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_report_may_be_encoded_as_windows_does(adapter, scanner_adapter, encoding):
    report = {"artifact": {"digest": DIGEST}, "scanner": {}, "vulnerabilities": []}
    body = json.dumps(report).encode(encoding)
    scanner_adapter.instead["report"] = saying(200, body)
    assert Kind.VULNERABILITIES in adapter.report("x", V, DIGEST).coverage
    error = refusal(lambda: adapter.report("x", V, OTHER))
    assert "another image" in str(error)


def test_another_sort_of_report_is_no_answer(adapter, scanner_adapter):
    remote_id = submitted(adapter, V, C)
    scanner_adapter.instead["report"] = lambda handler: script.send_json(
        handler,
        {"artifact": {"digest": DIGEST}, "scanner": {}, "vulnerabilities": []},
        script.SBOM,
    )
    error = refusal(lambda: adapter.report(remote_id, C, DIGEST))
    assert str(error) == "sent another sort of report than was asked for"


def test_a_failed_scan_is_over_and_an_absent_gateway_is_not(adapter, scanner_adapter):
    for status, ended in ((500, True), (502, False), (503, False)):
        scanner_adapter.instead["report"] = failing(status, "no")
        error = refusal(lambda: adapter.report("x", V, DIGEST))
        assert (error.temporary, error.ended) == (True, ended)


def test_version_1_0_is_asked_for_where_1_1_is_not_acceptable(adapter, scanner_adapter):
    scanner_adapter.capabilities = [
        script.capability("vulnerability", script.REPORT_1_0)
    ]
    remote_id = submitted(adapter, V)
    assert adapter.report(remote_id, V, DIGEST).coverage == {Kind.VULNERABILITIES: None}


# What is kept between the calls


@pytest.mark.parametrize("remote_id", ["x", "0v:x", "a/b?c", "x" * 180])
def test_a_submission_is_read_as_it_was_written(remote_id):
    submission = Submission(remote_id, (V, C), setbacks=2)
    assert Submission.parse(str(submission)) == submission
    assert len(str(submission)) <= 200


@pytest.mark.parametrize("text", ["", "x", "0:x", "0z:x", "v:x", "0v:"])
def test_what_is_no_submission_is_none(text):
    assert Submission.parse(text) is None


# One report of two


def report(*vulnerable: str, components: tuple[str, ...] = ()) -> Report:
    coverage = {Kind.VULNERABILITIES: None} if vulnerable else {Kind.COMPONENTS: None}
    return Report(
        "Probe 1",
        components=tuple(FoundComponent(purl) for purl in components),
        vulnerabilities=tuple(FoundVulnerability("CVE-1", purl) for purl in vulnerable),
        coverage=coverage,
    )


@pytest.mark.parametrize(
    ("named", "component"),
    [
        ("pkg:generic/openssl@3.0.1", "pkg:deb/debian/openssl@3.0.1?arch=amd64"),
        ("pkg:generic/zlib1g@1%3A1.2", "pkg:deb/debian/zlib1g@1.2?epoch=1"),
        ("pkg:generic/left-pad@1.0", "pkg:npm/left-pad@1.0"),
        ("pkg:generic/org.x%3Alog4j@2", "pkg:maven/org.x/log4j@2"),
    ],
)
def test_vulnerabilities_are_of_the_components_in_the_sbom(named, component):
    both = merged(report(components=(component,)), report(named))
    assert [one.purl for one in both.vulnerabilities] == [component]
    assert set(both.coverage) == {Kind.COMPONENTS, Kind.VULNERABILITIES}


def test_where_two_components_could_be_meant_none_is():
    sbom = report(components=("pkg:npm/a@1", "pkg:pypi/a@1"))
    both = merged(sbom, report("pkg:generic/a@1", "pkg:generic/other@1", "pkg:gem/a@1"))
    purls = [one.purl for one in both.vulnerabilities]
    assert purls == ["pkg:generic/a@1", "pkg:generic/other@1", "pkg:gem/a@1"]
