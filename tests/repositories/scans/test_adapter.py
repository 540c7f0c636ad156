"""Scans by an adapter, through all that an adapter may do wrong."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from django.test import Client
from django.utils import timezone

from repositories.models import Scan, Scanner
from repositories.services.scans import requesting, running
from repositories.services.scans.adapter import MAX_SETBACKS
from tests import scanner_adapter as script
from tests.factories import make_manifest, make_repository
from tests.scanner_adapter import ScannerAdapter, failing, saying

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.models import Repository

pytestmark = pytest.mark.django_db

OTHER = "sha256:" + "b" * 64


@pytest.fixture
def repository() -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture(autouse=True)
def scanner(scanner_adapter: ScannerAdapter, settings: Any, tmp_path: Any) -> Scanner:
    """The only scanner: an administrator's, whose address the operator allows."""
    settings.OUTBOUND_ALLOW = [f"scanner=127.0.0.1:{scanner_adapter.port}"]
    settings.SCANNER_REGISTRY_URL = "https://registry.example.com"
    settings.STATIC_ROOT = tmp_path
    Scanner.objects.update(is_enabled=False)
    return Scanner.objects.create(name="probe", url=scanner_adapter.url)


@pytest.fixture
def scan(scanner: Scanner, repository: Repository) -> Scan:
    image = make_manifest(repository=repository)
    (made,) = requesting.want(
        repository=repository, manifest=image, trigger=Scan.Trigger.PUSH
    )
    return made


def step(scan: Scan) -> float | None:
    """Let a worker take the scan now; return when it wants to ask again."""
    past = timezone.now() - timedelta(seconds=1)
    Scan.objects.filter(pk=scan.pk).update(due_at=past, leased_until=past)
    seconds = running.run(scan_id=scan.pk)
    scan.refresh_from_db()
    return seconds


def finish(scan: Scan, at_most: int = 30) -> Scan:
    """Let workers take the scan until it has ended."""
    for _ in range(at_most):
        step(scan)
        if scan.state in {"completed", "failed"}:
            return scan
    raise AssertionError(scan.state)


# An adapter that behaves


def test_what_an_adapter_finds_is_kept(scan, scanner_adapter):
    scanner_adapter.vulnerabilities = [script.vulnerability()]
    scanner_adapter.components = [
        script.component("pkg:deb/debian/openssl@3.0.1", "Apache-2.0"),
        script.component("pkg:npm/left-pad@1.0.0"),
    ]
    finish(scan)
    assert (scan.state, scan.error, scan.attempts) == ("completed", "", 1)
    assert (scan.is_current, scan.source) == (True, "Probe 1.2.3")
    assert set(scan.coverage) == {"components", "licenses", "vulnerabilities"}
    contents = scan.contents.order_by("component__name")
    assert [one.component.purl for one in contents] == [
        "pkg:npm/left-pad@1.0.0",
        "pkg:deb/debian/openssl@3.0.1",
    ]
    assert [one.name for one in contents[1].licenses.all()] == ["Apache-2.0"]
    finding = scan.findings.get()
    assert finding.component.purl == "pkg:deb/debian/openssl@3.0.1"
    assert (finding.vulnerability.identifier, finding.cvss3_score) == (
        "CVE-2026-0001",
        9.8,
    )
    assert scan.advisories_at == datetime(2026, 11, 20, 8, 16, 33, 345000, UTC)


def test_no_worker_waits_while_an_adapter_works(scan, scanner_adapter):
    scanner_adapter.polls_until_ready = 2
    assert step(scan) == 5
    assert (scan.state, len(scanner_adapter.scans)) == ("running", 1)
    assert step(scan) == 7
    assert step(scan) == 7
    assert step(scan) is None
    assert (scan.state, scan.attempts) == ("completed", 1)
    assert len(scanner_adapter.scans) == 1


def test_an_adapter_of_version_1_0_counts_for_vulnerabilities_only(
    scan, scanner_adapter
):
    scanner_adapter.capabilities = script.ONLY_1_0
    scanner_adapter.vulnerabilities = [script.vulnerability()]
    finish(scan)
    assert (scan.state, set(scan.coverage)) == ("completed", {"vulnerabilities"})
    assert scan.vulnerability_count == 1


def test_an_adapter_may_make_sboms_only(scan, scanner_adapter):
    scanner_adapter.capabilities = [script.capability("sbom", script.SBOM)]
    scanner_adapter.components = [script.component("pkg:npm/left-pad@1.0.0", "MIT")]
    finish(scan)
    assert (scan.state, set(scan.coverage)) == ("completed", {"components", "licenses"})
    assert scan.advisories_at is None


def test_what_an_adapter_does_not_make_after_all_is_left_out(scan, scanner_adapter):
    report = scanner_adapter._report

    def without_sbom(handler: Any) -> None:
        if handler.headers["Accept"] == script.SBOM:
            script.fail(handler, 501, "no SBOMs of this one")
        else:
            report(handler, next(iter(scanner_adapter.scans)), "")

    scanner_adapter.instead["report"] = without_sbom
    finish(scan)
    assert (scan.state, set(scan.coverage)) == ("completed", {"vulnerabilities"})


def test_the_scanner_is_known_better_after_a_scan(scan, scanner):
    finish(scan)
    scanner.refresh_from_db()
    assert scanner.metadata["vendor"] == "Tests"
    assert scanner.checked_at is not None


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/api/v1/"])
def test_the_address_may_hold_the_path_of_the_api(scan, scanner, path):
    Scanner.objects.filter(pk=scanner.pk).update(url=scanner.url + path)
    assert finish(scan).state == "completed"


# Credentials, ours and theirs


@pytest.mark.parametrize(
    ("authentication", "wanted"),
    [
        ("basic", script.basic("portal", "sesame")),
        ("bearer", "Bearer sesame"),
    ],
)
def test_an_adapter_may_want_credentials(
    scan, scanner, scanner_adapter, authentication, wanted
):
    scanner_adapter.authorization = wanted
    Scanner.objects.filter(pk=scanner.pk).update(
        authentication=authentication, username="portal"
    )
    Scanner.objects.filter(pk=scanner.pk).update(secret="wrong")
    finish(scan)
    assert scan.error == (
        "The scanner “probe” did not accept the user name, password or token."
    )
    Scanner.objects.filter(pk=scanner.pk).update(secret="sesame")
    again = requesting.want(
        repository=scan.repository, manifest=scan.manifest, trigger=Scan.Trigger.MANUAL
    )
    assert finish(again[0]).state == "completed"


def test_an_adapter_pulls_with_what_it_was_given(registry, scan, scanner_adapter):
    step(scan)
    (given,) = scanner_adapter.scans.values()
    assert given["registry"]["url"] == "https://registry.example.com"
    assert given["artifact"]["digest"] == scan.manifest.digest
    assert given["artifact"]["mime_type"] == script.OCI

    def ask() -> Any:
        return Client().get(
            "/auth/token",
            {"scope": "repository:dev/website:pull,push"},
            headers={"Authorization": given["registry"]["authorization"]},
        )

    assert ask().json()["scope"] == "repository:dev/website:pull"
    finish(scan)
    assert ask().status_code == 401


def test_the_registry_believes_what_the_token_server_answers_to_a_scanner(
    registry, repository, scanner_adapter, make_image
):
    """As an adapter does: ask for a token, pull; push and other names are refused."""
    digest = registry.push(make_image("scanned"), "dev/website", "1.0")
    registry.push(make_image("secret"), "dev/secret", "1.0")
    image = make_manifest(repository=repository)
    type(image).objects.filter(pk=image.pk).update(digest=str(digest))
    (scan,) = requesting.want(
        repository=repository, manifest=image, trigger=Scan.Trigger.PUSH
    )
    step(scan)
    (given,) = scanner_adapter.scans.values()
    scopes = ["repository:dev/website:pull,push", "repository:dev/secret:pull"]
    headers = {"Authorization": given["registry"]["authorization"]}
    answer = Client().get("/auth/token", {"scope": scopes}, headers=headers).json()

    def status(method: str, path: str) -> int:
        headers = {
            "Authorization": f"Bearer {answer['token']}",
            "Accept": f"{script.OCI}, {script.DOCKER}",
        }
        url = f"{registry.url}/v2/{path}"
        return urllib3.request(method, url, headers=headers).status

    pulled = given["artifact"]
    assert status("GET", f"{pulled['repository']}/manifests/{pulled['digest']}") == 200
    assert status("POST", "dev/website/blobs/uploads/") == 401
    assert status("GET", "dev/secret/manifests/1.0") == 401


def test_the_credentials_are_for_the_repository_that_is_read(
    registry, scan, scanner_adapter
):
    other = make_repository(name="qa/website")
    other.held_manifests.create(manifest=scan.manifest)
    scan.repository.held_manifests.update(gone_at=timezone.now())
    step(scan)
    assert scan.repository == other
    (given,) = scanner_adapter.scans.values()
    assert given["artifact"]["repository"] == "qa/website"


def test_credentials_that_an_adapter_repeats_are_on_no_page(scan, scanner_adapter):
    def tell(handler: Any) -> None:
        given = json.loads(handler.content)["registry"]["authorization"]
        script.fail(handler, 400, f"cannot pull with {given}")

    scanner_adapter.instead["scan"] = tell
    finish(scan)
    assert scan.error == (
        "The scanner “probe” refused the request (HTTP 400): cannot pull with Basic …."
    )


# An adapter that misbehaves


@pytest.fixture
def impatient(settings: Any) -> None:
    """Give an adapter half a second for each answer."""
    settings.LEASE_SECONDS = 1
    settings.SCAN_ATTEMPTS = 1


def unreached() -> str:
    return "The scanner “probe” was not reached. No proper answer came"


@pytest.mark.parametrize("call", ["metadata", "scan", "report"])
@pytest.mark.parametrize(
    "deed",
    [script.silent, script.dripping],
    ids=["silent", "dripping"],
)
def test_a_slow_adapter_fails_the_scan(scan, scanner_adapter, impatient, call, deed):
    scanner_adapter.instead[call] = deed
    start = time.monotonic()
    if call == "report":  # it is asked again a few times
        step(scan)
        assert step(scan) == 10
        assert scan.remote_id.startswith("1vc:")
    else:
        finish(scan)
        assert scan.error.startswith(unreached())
    assert time.monotonic() - start < 10


def test_an_adapter_that_stays_away_fails_the_scan_in_the_end(
    scan, scanner_adapter, impatient
):
    scanner_adapter.instead["report"] = failing(503, "busy", Retry_After="20")
    step(scan)
    waits = [step(scan) for _ in range(MAX_SETBACKS + 1)]
    assert waits == [20.0] * MAX_SETBACKS + [None]
    assert scan.error == "The scanner “probe” reported an error (HTTP 503): busy."


def test_an_adapter_that_comes_back_is_asked_for_the_same_scan(scan, scanner_adapter):
    step(scan)
    scanner_adapter.instead["report"] = saying(502)
    step(scan)
    del scanner_adapter.instead["report"]
    assert finish(scan).state == "completed"
    assert (len(scanner_adapter.scans), scan.attempts) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (saying(200, b"<html>"), "sent a report that cannot be read: "),
        (saying(200, b"{}"), "sent a report that cannot be read: "),
        (saying(301, Location="https://elsewhere.example.com/"), "sent us elsewhere"),
        (saying(302, Location="https://elsewhere.example.com/"), "sent us elsewhere"),
        (failing(400, "no such sbom"), "refused the request (HTTP 400): no such sbom"),
        (failing(501, "no"), "cannot scan this kind of image: no"),
        (failing(500, "crashed"), "reported an error (HTTP 500): crashed"),
    ],
    ids=["garbage", "nothing", "301", "302", "400", "501", "500"],
)
def test_a_report_that_is_none_fails_the_scan(
    scan, scanner_adapter, impatient, answer, sentence
):
    scanner_adapter.instead["report"] = answer
    finish(scan)
    assert scan.error.startswith(f"The scanner “probe” {sentence}")
    assert scan.error.endswith(".")


def test_a_report_of_another_image_fails_the_scan(scan, scanner_adapter):
    scanner_adapter.digest = OTHER
    scanner_adapter.vulnerabilities = [script.vulnerability()]
    finish(scan)
    assert scan.error == f"The scanner “probe” answered for another image ({OTHER})."
    assert scan.findings.count() == 0
    assert not scan.is_current


def test_a_report_without_end_fails_the_scan(scan, scanner_adapter, settings):
    settings.REPORT_MAX_BYTES, settings.SCAN_ATTEMPTS = 1_000_000, 1
    scanner_adapter.instead["report"] = script.flooding
    finish(scan)
    assert scan.error.startswith(unreached())


def test_an_adapter_that_never_is_ready_fails_at_the_deadline(
    scan, scanner_adapter, settings
):
    scanner_adapter.polls_until_ready = 10**9
    scanner_adapter.wait_header = ("Refresh-After", "999999")
    step(scan)
    for _ in range(20):
        assert step(scan) == running.MAX_POLL_SECONDS
    began = timezone.now() - timedelta(seconds=settings.SCAN_DEADLINE + 1)
    Scan.objects.update(started_at=began)
    step(scan)
    assert (scan.state, scan.error) == (
        "failed",
        "The scan did not end within 30 minutes.",
    )


def test_an_adapter_that_fails_gets_the_image_again(scan, scanner_adapter):
    scanner_adapter.instead["report"] = failing(500, "crashed")
    step(scan)
    step(scan)
    assert (scan.state, scan.remote_id) == ("queued", "")
    del scanner_adapter.instead["report"]
    finish(scan)
    assert (scan.state, scan.attempts, len(scanner_adapter.scans)) == (
        "completed",
        2,
        2,
    )


def test_an_adapter_that_forgot_the_scan_gets_the_image_again(scan, scanner_adapter):
    scanner_adapter.forgets = 1
    finish(scan)
    assert (scan.state, scan.attempts, len(scanner_adapter.scans)) == (
        "completed",
        1,
        2,
    )


def test_an_adapter_that_always_forgets_fails_the_scan(scan, scanner_adapter, settings):
    settings.SCAN_ATTEMPTS = 1
    scanner_adapter.forgets = 10**9
    finish(scan)
    assert scan.error == "The scanner “probe” forgets the image again and again."
    assert len(scanner_adapter.scans) == MAX_SETBACKS + 1


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (422, "failed"), (500, "queued")]
)
def test_a_request_that_is_refused_is_tried_again_only_if_that_may_help(
    scan, scanner_adapter, status, state
):
    scanner_adapter.instead["scan"] = failing(status, "invalid registry")
    step(scan)
    assert scan.state == state
    assert scan.error.endswith(f"(HTTP {status}): invalid registry.")


def test_images_that_an_adapter_does_not_scan_are_said(scan, scanner_adapter):
    scanner_adapter.capabilities = [
        script.capability(
            "vulnerability", script.REPORT_1_1, consumes_mime_types=[script.DOCKER]
        )
    ]
    finish(scan)
    assert scan.error == (
        f"The scanner “probe” makes no report of images of the type {script.OCI}."
    )
    assert scanner_adapter.scans == {}


# Where adapters may be


def test_a_private_address_is_not_called_unless_it_is_allowed(
    scan, scanner_adapter, settings
):
    settings.OUTBOUND_ALLOW, settings.SCAN_ATTEMPTS = [], 1
    finish(scan)
    assert scan.error.startswith(
        "The scanner “probe” was not reached. This address cannot be called from here"
    )
    assert "127.0.0.1" not in scan.error
    assert scanner_adapter.server.seen == []


def test_what_is_allowed_for_administrators_is_not_for_tenants(
    scan, scanner, repository, scanner_adapter, settings
):
    Scanner.objects.filter(pk=scanner.pk).update(namespace=repository.namespace)
    Scan.objects.update(trusted_namespace=repository.namespace)
    settings.SCAN_ATTEMPTS = 2
    step(scan)
    assert (scan.state, scanner_adapter.server.seen) == ("queued", [])
    settings.OUTBOUND_ALLOW = [f"tenant-scanner=127.0.0.1:{scanner_adapter.port}"]
    assert finish(scan).state == "completed"


@pytest.mark.parametrize(
    ("name", "value_at"),
    [
        ("REGISTRY_URL", lambda port: f"http://localhost:{port}"),
        ("REDIS_URL", lambda port: f"redis://:secret@localhost:{port}/0"),
        ("REDIS_URL", lambda port: f"sentinel://a:1;sentinel://127.0.0.1:{port}"),
        ("OUTBOUND_DENY", lambda port: [f"127.0.0.0/8:{port}"]),
        (
            "DATABASES",
            lambda port: {"default": {"HOST": "a,localhost", "PORT": str(port)}},
        ),
    ],
    ids=["registry", "redis", "sentinel", "denied", "database"],
)
def test_the_portals_own_servers_are_never_called(
    scan,
    scanner_adapter,
    settings,
    monkeypatch,
    name: str,
    value_at: Callable[[int], Any],
):
    monkeypatch.setattr(settings._wrapped, name, value_at(scanner_adapter.port))
    settings.SCAN_ATTEMPTS = 1
    finish(scan)
    assert "cannot be called from here" in scan.error
    assert scanner_adapter.server.seen == []
