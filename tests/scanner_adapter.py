"""A scanner adapter written from the specification, which misbehaves on demand.

Specification: goharbor/pluggable-scanner-spec, scanner-adapter-openapi-v1.2.yaml. A
real HTTP server on loopback; each scan is finished after `polls_until_ready` questions.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile_registry import HostileServer

OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
REPORT_1_1 = "application/vnd.security.vulnerability.report; version=1.1"
REPORT_1_0 = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0"
SBOM = "application/vnd.security.sbom.report+json; version=1.0"
SPDX = "application/spdx+json"
CYCLONEDX = "application/vnd.cyclonedx+json"
ERROR = "application/vnd.scanner.adapter.error+json; version=1.0"
METADATA = "application/vnd.scanner.adapter.metadata+json; version=1.1"

Misbehaving = dict[str, "Callable[[Any], None]"]


def capability(kind: str, *produces: str, **more: Any) -> dict[str, Any]:
    """What the metadata says of one sort of report; "" is version 1.0's, untyped."""
    entry = {
        "consumes_mime_types": [OCI, DOCKER],
        "produces_mime_types": list(produces),
    }
    return entry | ({"type": kind} if kind else {}) | more


BOTH = [
    capability("vulnerability", REPORT_1_1, REPORT_1_0),
    capability("sbom", SBOM, additional_attributes={"sbom_media_types": [CYCLONEDX]}),
]
ONLY_1_0 = [capability("", REPORT_1_0)]


@dataclass
class ScannerAdapter:
    """The script of one adapter, and what it was asked.

    `instead` answers in the place of `metadata`, `scan` or `report`.
    """

    server: HostileServer = field(repr=False)
    capabilities: list[dict[str, Any]] = field(default_factory=lambda: list(BOTH))
    authorization: str = ""
    polls_until_ready: int = 0
    wait_header: tuple[str, str] = ("Refresh-After", "7")
    forgets: int = 0  # how many questions for a report it answers with 404
    digest: str | None = None  # of the image it says its reports are of
    instead: Misbehaving = field(default_factory=dict)
    vulnerabilities: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    scans: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return self.server.server_port

    def answer(self, handler: Any) -> None:
        """Answer one request as the specification says, or as the script does."""
        if (
            self.authorization
            and handler.headers["Authorization"] != self.authorization
        ):
            handler.reply(401)
            return
        parts = urlsplit(handler.path)
        name = parts.path.removeprefix("/api/v1/").rpartition("/")[2]
        if name in self.instead:
            self.instead[name](handler)
        elif (handler.command, parts.path) == ("GET", "/api/v1/metadata"):
            self._metadata(handler)
        elif (handler.command, parts.path) == ("POST", "/api/v1/scan"):
            self._scan(handler)
        elif handler.command == "GET" and name == "report":
            self._report(handler, unquote(parts.path.split("/")[4]), parts.query)
        else:
            handler.reply(404)

    def _metadata(self, handler: Any) -> None:
        metadata = {
            "scanner": {"name": "Probe", "vendor": "Tests", "version": "1.2.3"},
            "capabilities": self.capabilities,
            "properties": {
                "harbor.scanner-adapter/vulnerability-database-updated-at": (
                    "2026-11-20T08:16:33.345Z"
                )
            },
        }
        send_json(handler, metadata, METADATA)

    def _scan(self, handler: Any) -> None:
        remote_id = f"scan/{len(self.scans) + 1}?"  # needs escaping in an address
        self.scans[remote_id] = json.loads(handler.content)
        send_json(handler, {"id": remote_id}, "application/json", HTTPStatus.ACCEPTED)

    def _report(self, handler: Any, remote_id: str, query: str) -> None:
        if remote_id not in self.scans or self.forgets > 0:
            self.forgets -= 1
            fail(handler, 404, "no such scan")
            return
        self.polls[remote_id] = self.polls.get(remote_id, 0) + 1
        if self.polls[remote_id] <= self.polls_until_ready:
            name, value = self.wait_header
            headers = {name.replace("-", "_"): value} if name else {}
            handler.reply(302, Location=handler.path, **headers)
            return
        self._finished(handler, self.scans[remote_id], query)

    def _finished(self, handler: Any, scan: dict[str, Any], query: str) -> None:
        accept = handler.headers["Accept"]
        makes = {
            made for one in self.capabilities for made in one["produces_mime_types"]
        }
        if accept not in makes:
            fail(handler, 415, f"unsupported media type {accept}")
            return
        artifact = dict(scan["artifact"])
        artifact["digest"] = artifact["digest"] if self.digest is None else self.digest
        body = {
            "generated_at": "2026-11-21T10:00:00Z",
            "artifact": artifact,
            "scanner": {"name": "Probe", "vendor": "Tests", "version": "1.2.3"},
        }
        if accept == SBOM:
            (media_type,) = parse_qs(query)["sbom_media_type"]
            body |= {"media_type": media_type, "sbom": self._sbom()}
        else:
            body |= {"severity": "High", "vulnerabilities": self.vulnerabilities}
        send_json(handler, body, accept)

    def _sbom(self) -> dict[str, Any]:
        return {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "components": self.components,
        }


def send_json(handler: Any, document: Any, media_type: str, status: int = 200) -> None:
    """Answer with JSON."""
    handler.reply(status, json.dumps(document).encode(), Content_Type=media_type)


def fail(handler: Any, status: int, message: str) -> None:
    """Answer with the specification's form of an error."""
    send_json(handler, {"error": {"message": message}}, ERROR, status)


def failing(status: int, message: str, **headers: str) -> Callable[[Any], None]:
    """Always answer with this error."""
    body = json.dumps({"error": {"message": message}}).encode()
    return lambda handler: handler.reply(status, body, **headers)


def saying(status: int, body: bytes = b"", **headers: str) -> Callable[[Any], None]:
    """Always answer with this."""
    return lambda handler: handler.reply(status, body, **headers)


def silent(handler: Any) -> None:
    """Never answer."""
    handler.server.released.wait(30)


def dripping(handler: Any) -> None:
    """Answer a byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{")
    while not handler.server.released.wait(0.05):
        handler.wfile.write(b" ")


def flooding(handler: Any) -> None:
    """Answer with JSON that does not end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n[")
    while not handler.server.released.is_set():
        handler.wfile.write(b"0," * 32768)


def vulnerability(name: str = "CVE-2026-0001", **values: Any) -> dict[str, Any]:
    """A vulnerability of openssl 3.0.1."""
    return {
        "id": name,
        "package": "openssl",
        "version": "3.0.1",
        "fix_version": "3.0.2",
        "severity": "High",
        "description": "It breaks.",
        "links": ["https://example.com/advisory"],
        "preferred_cvss": {"score_v3": 9.8},
    } | values


def component(purl: str, *licenses: str) -> dict[str, Any]:
    """A library in CycloneDX."""
    name, _, version = purl.rpartition("/")[2].partition("@")
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"license": {"id": one}} for one in licenses],
    }


def basic(username: str, password: str) -> str:
    """The header that these credentials make."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


@pytest.fixture
def scanner_adapter(make_server: Any) -> ScannerAdapter:
    """An adapter that behaves, until the test says otherwise."""
    adapter = ScannerAdapter(make_server(saying(503)))
    adapter.server.answering = adapter.answer
    return adapter
