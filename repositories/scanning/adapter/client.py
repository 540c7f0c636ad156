"""The three calls of the scanner adapter API, and every answer to them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from repositories.registry import json_document
from repositories.registry.errors import parse_retry_after
from repositories.scanning import formats
from repositories.scanning.adapter.exchange import MAX_ANSWER, MAX_REPORT
from repositories.scanning.adapter.kinds import (
    METADATA,
    REQUEST,
    RESPONSE,
    ReportKind,
)
from repositories.scanning.adapter.metadata import Metadata
from repositories.scanning.adapter.submission import is_id
from repositories.scanning.formats import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repositories.scanning.adapter.exchange import Fetch, Reply
    from repositories.scanning.report import Report

WAIT = 5.0  # seconds, when an adapter does not say when to ask again
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 60.0
_MAX_QUOTED = 200  # characters of an adapter's own words
_NOT_ACCEPTABLE = {HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
_UNAUTHORIZED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class AdapterFailed(Exception):
    """The adapter refused, failed or made no sense.

    `str()` is what it did, to stand behind its name: “answered for another image”. A
    temporary failure may be gone after `retry_after` seconds, None if it did not say.
    `unsupported`: this adapter does not make what was asked for. `ended`: it has done
    with the scan, so that asking for its report again would tell nothing new.
    """

    def __init__(
        self,
        deed: str,
        *,
        temporary: bool = False,
        retry_after: float | None = None,
        unsupported: bool = False,
        ended: bool = False,
    ) -> None:
        super().__init__(deed)
        self.temporary = temporary
        self.retry_after = retry_after
        self.unsupported = unsupported
        self.ended = ended


class NotYet(Exception):
    """The adapter works on the scan: ask again after so many seconds."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__(after_seconds)
        self.after_seconds = after_seconds


class UnknownScan(Exception):
    """The adapter has forgotten the scan: give it the request again."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """An image, and how the adapter gets at it.

    `authorization` is the header that it sends to the registry, or to the token server
    that the registry names.
    """

    registry_url: str
    authorization: str = field(repr=False)
    repository: str
    digest: str
    mime_type: str
    tag: str = ""

    def as_json(self, kinds: Sequence[ReportKind]) -> dict[str, Any]:
        """Return the request's body; without kinds that of version 1.0."""
        body: dict[str, Any] = {
            "registry": {
                "url": self.registry_url,
                "authorization": self.authorization,
            },
            "artifact": {
                "repository": self.repository,
                "digest": self.digest,
                "tag": self.tag,
                "mime_type": self.mime_type,
            },
        }
        if kinds:
            body["enabled_capabilities"] = [_enabled(kind) for kind in kinds]
        return body


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter, as far as `fetch` reaches it; `max_report` are a report's bytes."""

    fetch: Fetch
    max_report: int = MAX_REPORT

    def metadata(self) -> Metadata:
        """Ask what the scanner is and can; raises AdapterFailed."""
        versions = ", ".join(METADATA.format(version) for version in ("1.1", "1.0"))
        reply = self._get("/metadata", versions)
        if reply.status in _NOT_ACCEPTABLE:
            reply = self._get("/metadata", METADATA.format("1.0"))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise AdapterFailed("has no scanner adapter API at this address")
        _require(reply, HTTPStatus.OK)
        metadata = Metadata.read(_json(reply))
        if metadata is None:
            raise AdapterFailed("answered something that is no scanner's description")
        return metadata

    def submit(
        self, request: ScanRequest, kinds: Sequence[ReportKind], *, is_typed: bool
    ) -> str:
        """Ask for reports of an image; return the scan's id. Raises AdapterFailed.

        An adapter of version 1.0 (not `is_typed`) makes all that it can.
        """
        version = "1.1" if is_typed else "1.0"
        reply = self.fetch(
            "POST",
            "/api/v1/scan",
            headers={"Content-Type": REQUEST.format(version), "Accept": RESPONSE},
            body=json.dumps(request.as_json(kinds if is_typed else ())).encode(),
        )
        _require(reply, HTTPStatus.ACCEPTED, HTTPStatus.OK, HTTPStatus.CREATED)
        answer = _json(reply)
        remote_id = answer.get("id") if isinstance(answer, dict) else None
        if not is_id(remote_id):
            raise AdapterFailed("accepted the image without naming a scan to ask for")
        return str(remote_id)

    def report(self, remote_id: str, kind: ReportKind, digest: str) -> Report:
        """Ask for a report of the image with this digest.

        Raises NotYet, UnknownScan or AdapterFailed, also when the report is of another
        image, or does not say of which.
        """
        path = f"/scan/{quote(remote_id, safe='')}/report"
        if kind.sbom_media_type:
            query = quote(kind.sbom_media_type, safe="")
            reply = self._get(f"{path}?sbom_media_type={query}", kind.media_type)
        else:
            reply = self._get(path, kind.media_type)
        if reply.status in _NOT_ACCEPTABLE and kind is ReportKind.VULNERABILITIES:
            reply = self._get(path, ReportKind.VULNERABILITIES_1_0.media_type)
        _refuse_unfinished(reply, path)
        _require(reply, HTTPStatus.OK)
        return _report(reply.body, self.max_report, kind, digest)

    def _get(self, path: str, accept: str) -> Reply:
        max_bytes = self.max_report if path.startswith("/scan/") else MAX_ANSWER
        headers = {"Accept": accept}
        return self.fetch("GET", f"/api/v1{path}", headers=headers, max_bytes=max_bytes)


def _enabled(kind: ReportKind) -> dict[str, Any]:
    enabled: dict[str, Any] = {
        "type": kind.capability,
        "produces_mime_types": [kind.media_type],
    }
    if kind.sbom_media_type:
        enabled["parameters"] = {"sbom_media_types": [kind.sbom_media_type]}
    return enabled


def _refuse_unfinished(reply: Reply, path: str) -> None:
    """Raise what says that there is no report yet, or none any more."""
    if reply.status == HTTPStatus.NOT_FOUND:
        raise UnknownScan
    if reply.status != HTTPStatus.FOUND:
        return
    location = reply.headers.get("Location", "")
    if location and not _is_path(location, path):
        raise AdapterFailed("sent us elsewhere, which is not followed")
    raise NotYet(_wait(reply))


def _is_path(location: str, path: str) -> bool:
    """Tell whether a redirect leads back to the report, under whatever host."""
    try:
        found = urlsplit(urljoin(path, location)).path
    except ValueError:
        return False
    return unquote(found).endswith(unquote(path.partition("?")[0]))


def _wait(reply: Reply) -> float:
    """Return when to ask again: the specification has two names for the header."""
    now = datetime.now(UTC)
    for name in ("Refresh-After", "Retry-After"):
        seconds = parse_retry_after(reply.headers.get(name, ""), now=now)
        if seconds is not None:
            return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)
    return WAIT


def _require(reply: Reply, *wanted: HTTPStatus) -> None:
    """Return when the answer is as wanted; raises AdapterFailed."""
    status = reply.status
    if status in wanted:
        return
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise AdapterFailed("sent us elsewhere, which is not followed")
    if status in _UNAUTHORIZED:
        raise AdapterFailed("did not accept the user name, password or token")
    said = _words(reply)
    if status == HTTPStatus.NOT_IMPLEMENTED or status in _NOT_ACCEPTABLE:
        raise AdapterFailed(f"cannot scan this kind of image{said}", unsupported=True)
    if status in _TEMPORARY:
        now = datetime.now(UTC)
        raise AdapterFailed(
            f"reported an error (HTTP {status}){said}",
            temporary=True,
            ended=status == HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=parse_retry_after(
                reply.headers.get("Retry-After", ""), now=now
            ),
        )
    raise AdapterFailed(f"refused the request (HTTP {status}){said}")


def _words(reply: Reply) -> str:
    """Return the adapter's own words behind a colon, "" when it gives none."""
    try:
        answer = json_document.load(reply.body[: 64 * 1024])
    except json_document.InvalidDocument:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(message, str):
        return ""
    quoted = " ".join(message[: 10 * _MAX_QUOTED].split())[:_MAX_QUOTED].rstrip(".")
    readable = "".join(c for c in quoted if c.isprintable())
    return f": {readable}" if readable else ""


def _json(reply: Reply) -> Any:
    try:
        return json_document.load(reply.body)
    except json_document.InvalidDocument:
        raise AdapterFailed("answered something that is no JSON") from None


def _report(body: bytes, max_bytes: int, kind: ReportKind, digest: str) -> Report:
    try:
        report = formats.read(body, max_bytes)
        named = _artifact_digest(document.load(body, max_bytes))
    except formats.UnreadableReport as error:
        raise AdapterFailed(f"sent a report that cannot be read: {error}") from None
    if kind.evidence not in report.coverage:
        raise AdapterFailed("sent another sort of report than was asked for")
    if not named:
        raise AdapterFailed("did not say of which image its report is")
    if named != digest:
        raise AdapterFailed(f"answered for another image ({named[:80]})")
    return report


def _artifact_digest(report: Any) -> str:
    """Return the digest that the report itself names: no finding in it can do so."""
    artifact = report.get("artifact") if isinstance(report, dict) else None
    digest = artifact.get("digest") if isinstance(artifact, dict) else None
    return digest.strip() if isinstance(digest, str) else ""
