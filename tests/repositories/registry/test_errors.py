"""The registry's refusals, read and written."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.registry import Digest, RegistryError, error_envelope
from repositories.registry.errors import MAX_ERROR_BODY, parse_retry_after

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BLOB = Digest.of(b"blob")


def answered(status: int, *entries: Any, **headers: str) -> RegistryError:
    body = json.dumps({"errors": entries}).encode()
    return RegistryError.from_response(status, headers, body)


def entry(code: Any, message: str = "", **fields: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **fields}


def test_the_code_decides_and_the_words_are_quoted():
    error = answered(404, entry("NAME_UNKNOWN", "repository name not known"))
    assert (error.code, error.status, error.temporary) == ("NAME_UNKNOWN", 404, False)
    assert str(error) == (
        "The registry does not hold this repository. "
        "(HTTP 404: repository name not known)"
    )


def test_missing_blobs_come_first_and_once():
    error = answered(
        400,
        entry("MANIFEST_INVALID"),
        entry("MANIFEST_BLOB_UNKNOWN", detail=str(BLOB)),
        entry("MANIFEST_BLOB_UNKNOWN", detail={"digest": str(BLOB)}),
        entry("MANIFEST_BLOB_UNKNOWN", detail="sha256:junk"),
        entry("MANIFEST_BLOB_UNKNOWN"),
    )
    assert (error.code, error.missing) == ("MANIFEST_BLOB_UNKNOWN", (BLOB,))


@pytest.mark.parametrize(
    ("status", "code", "temporary"),
    [
        (302, "REDIRECT", False),
        (400, "UNKNOWN", False),
        (401, "UNAUTHORIZED", False),
        (403, "DENIED", False),
        (405, "UNSUPPORTED", False),
        (429, "TOOMANYREQUESTS", True),
        (500, "UNKNOWN", True),
        (503, "UNAVAILABLE", True),
    ],
)
def test_without_a_readable_body_the_status_decides(status, code, temporary):
    for body in (
        b"",
        b"<html>",
        b"[]",
        b'{"errors": {}}',
        b'{"errors": [{"code": 1}]}',
    ):
        error = RegistryError.from_response(status, {}, body)
        assert (error.code, error.temporary) == (code, temporary)
        assert str(error).startswith("The registry ")


def test_an_unknown_code_is_kept():
    error = answered(418, entry("TEAPOT"))
    assert (error.code, str(error)) == (
        "TEAPOT",
        "The registry reported TEAPOT. (HTTP 418)",
    )


@pytest.mark.parametrize("code", ["lower", "A" * 65, "A B", "", None, ["A"]])
def test_a_code_that_is_none_is_ignored(code):
    assert answered(403, entry(code)).code == "DENIED"


def test_words_are_short_printable_and_free_of_secrets():
    jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkYW5hIn0.c2lnbmF0dXJl"
    said = f"a\0b\x1b[31m\n  {jwt} Basic ZGFuYTpwdw== _state=canary {'x' * 900}"
    text = str(answered(403, entry("DENIED", said)))
    assert text.isprintable()
    assert len(text) < 300
    for secret in (jwt, "ZGFuYTpwdw", "canary"):
        assert secret not in text


def test_a_body_beyond_the_cap_is_not_read():
    body = json.dumps({"errors": [entry("DENIED", "x" * MAX_ERROR_BODY)]}).encode()
    assert RegistryError.from_response(500, {}, body).code == "UNKNOWN"


@given(st.binary(), st.text(), st.integers(300, 599))
def test_any_answer_is_an_error(body, retry_after, status):
    error = RegistryError.from_response(status, {"Retry-After": retry_after}, body)
    assert error.code
    assert error.retry_after is None or 0 <= error.retry_after <= 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("9" * 400, 3600),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Thu, 01 Jan 2026 00:01:00 -0000", 60),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("Fri, 01 Jan 2027 00:00:00 GMT", 3600),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


def test_an_error_survives_pickling():
    error = RegistryError("TIMEOUT", status=504, retry_after=3.0, missing=(BLOB,))
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert vars(copied) == vars(error)


def test_our_own_envelope_is_read_back():
    envelope = error_envelope("DENIED", "You may not push here.", {"name": "a/b"})
    assert answered(403, *envelope["errors"]).code == "DENIED"
    assert envelope["errors"][0]["detail"] == {"name": "a/b"}
    assert "detail" not in error_envelope("DENIED", "No.")["errors"][0]
