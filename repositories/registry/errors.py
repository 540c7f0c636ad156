"""The one error of the registry client, and the OCI error body read and written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from repositories.registry import json_document
from repositories.registry.reference import Digest, InvalidReference

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ERROR_BODY = 1024 * 1024  # bytes: one entry per missing layer can be many
MAX_RETRY_AFTER = 3600.0  # seconds
_MAX_QUOTED = 200  # characters of the registry's own words in a message

# What each code means, for people. The first block is distribution-spec's, the second
# ours.
CODES: Mapping[str, str] = {
    "BLOB_UNKNOWN": "The registry does not hold this blob.",
    "BLOB_UPLOAD_INVALID": "The registry refused the upload of a blob.",
    "BLOB_UPLOAD_UNKNOWN": "The registry has forgotten the upload of a blob.",
    "DENIED": "The registry denies access to this repository.",
    "DIGEST_INVALID": "The registry received content that does not match its digest.",
    "MANIFEST_BLOB_UNKNOWN": "The registry lacks blobs that the manifest names.",
    "MANIFEST_INVALID": "The registry refused the manifest as invalid.",
    "MANIFEST_UNKNOWN": "The registry does not hold this manifest.",
    "MANIFEST_UNVERIFIED": "The registry could not verify the manifest.",
    "NAME_INVALID": "The registry refused the name of the repository.",
    "NAME_UNKNOWN": "The registry does not hold this repository.",
    "PAGINATION_NUMBER_INVALID": "The registry refused the size of a page.",
    "RANGE_INVALID": "The registry refused a part of an upload.",
    "SIZE_INVALID": "The registry received content of an unexpected size.",
    "TAG_INVALID": "The registry refused the tag.",
    "TOOMANYREQUESTS": "The registry asks for fewer requests; try again later.",
    "UNAUTHORIZED": (
        "The registry did not accept our token; check that it trusts the portal's "
        "certificate, issuer and service."
    ),
    "UNAVAILABLE": "The registry is not available at the moment.",
    "UNKNOWN": "The registry reported an error.",
    "UNSUPPORTED": "The registry does not support this operation.",
    "CONNECTION": "The connection to the registry failed.",
    "TIMEOUT": "The registry did not answer in time.",
    "TOO_LARGE": "The registry's answer is larger than allowed.",
    "DIGEST_MISMATCH": "The content does not have the digest it should have.",
    "MALFORMED": "The registry's answer makes no sense.",
    "REDIRECT": "The registry sent us elsewhere, which is not allowed here.",
}
_BY_STATUS = {
    401: "UNAUTHORIZED",
    403: "DENIED",
    405: "UNSUPPORTED",
    429: "TOOMANYREQUESTS",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}
_TEMPORARY = frozenset({"CONNECTION", "TIMEOUT", "TOOMANYREQUESTS", "UNAVAILABLE"})
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_SECRET = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:bearer|basic)\s+[^\s\"',]+|_state=[^\s&\"']+",
    re.IGNORECASE,
)


class RegistryError(Exception):
    """The registry refused, failed or misbehaved; `str()` is a sentence for people."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        missing: tuple[Digest, ...] = (),
    ) -> None:
        self.code = code
        self.message = message or CODES.get(code, CODES["UNKNOWN"])
        self.status = status
        self.retry_after = retry_after
        self.missing = missing
        super().__init__(code, self.message)

    @override
    def __str__(self) -> str:
        return self.message

    @property
    def temporary(self) -> bool:
        """True when the same request may succeed later."""
        if self.status is not None and self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return True
        is_busy = self.status == HTTPStatus.TOO_MANY_REQUESTS
        return is_busy or self.code in _TEMPORARY

    @classmethod
    def from_response(
        cls, status: int, headers: Mapping[str, str], body: bytes
    ) -> Self:
        """Read an answer of status 300 or more, whatever its body is."""
        entries = _entries(body)
        code, words = _chosen(entries, status)
        return cls(
            code,
            _message(code, words, status),
            status=status,
            retry_after=parse_retry_after(
                headers.get("Retry-After", ""), now=datetime.now(UTC)
            ),
            missing=_missing(entries),
        )


def parse_retry_after(value: str, *, now: datetime) -> float | None:
    """Read the header in seconds or as an HTTP date; None when absent or garbage."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def error_envelope(
    code: str, message: str, detail: Any | None = None
) -> dict[str, Any]:
    """Return the body of an OCI error answer; without `detail` the key is absent."""
    entry: dict[str, Any] = {"code": code, "message": message}
    if detail is not None:
        entry["detail"] = detail
    return {"errors": [entry]}


def _entries(body: bytes) -> list[dict[str, Any]]:
    """Return the errors of an envelope that have a legal code, [] for garbage."""
    if len(body) > MAX_ERROR_BODY:
        return []
    try:
        envelope = json_document.load(body)
    except json_document.InvalidDocument:
        return []
    errors = envelope.get("errors") if isinstance(envelope, dict) else None
    return [e for e in errors if _is_entry(e)] if isinstance(errors, list) else []


def _is_entry(value: Any) -> bool:
    code = value.get("code") if isinstance(value, dict) else None
    return isinstance(code, str) and _CODE.fullmatch(code) is not None


def _chosen(entries: list[dict[str, Any]], status: int) -> tuple[str, str]:
    """Choose the telling entry: missing blobs, then the first, then the status."""
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "REDIRECT", ""
    blobs = [e for e in entries if e["code"] == "MANIFEST_BLOB_UNKNOWN"]
    for entry in (*blobs, *entries):
        words = entry.get("message")
        return entry["code"], words if isinstance(words, str) else ""
    return _BY_STATUS.get(status, "UNKNOWN"), ""


def _message(code: str, words: str, status: int) -> str:
    sentence = CODES.get(code, f"The registry reported {code}.")
    quoted = _SECRET.sub("…", " ".join(words[:2000].split()))[:_MAX_QUOTED]
    readable = "".join(c for c in quoted if c.isprintable())
    return f"{sentence} (HTTP {status}{f': {readable}' if readable else ''})"


def _missing(entries: list[dict[str, Any]]) -> tuple[Digest, ...]:
    details = (e.get("detail") for e in entries if e["code"] == "MANIFEST_BLOB_UNKNOWN")
    found = (_digest(detail) for detail in details)
    return tuple(dict.fromkeys(digest for digest in found if digest is not None))


def _digest(detail: Any) -> Digest | None:
    """Read the digest in a detail: the text itself, or an object's `digest`."""
    text = detail.get("digest") if isinstance(detail, dict) else detail
    try:
        return Digest.parse(text) if isinstance(text, str) else None
    except InvalidReference:
        return None
