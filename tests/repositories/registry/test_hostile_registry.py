"""The client against registries that misbehave: nothing leaks, nothing hangs."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from repositories.registry import (
    CopyReport,
    Digest,
    MediaType,
    Progress,
    RegistryClient,
    RegistryError,
    RepositoryName,
    TagName,
    copy_image,
    error_envelope,
)

Answering = Callable[[Any], None]

NAME = RepositoryName.parse("dev/website")
TARGET = RepositoryName.parse("qa/website")
TAG = TagName.parse("latest")
BLOB = b"the content of a blob" * 100
DIGEST = Digest.of(BLOB)


def fail(call: Callable[[], object]) -> RegistryError:
    """Run `call`, which must raise a RegistryError, and return that."""
    with pytest.raises(RegistryError) as raised:
        call()
    return raised.value


def always(status: int, body: bytes = b"", **headers: str) -> Answering:
    return lambda handler: handler.reply(status, body, **headers)


# Where our token must not go


def test_redirects_are_not_followed(make_server, client_of):
    elsewhere = make_server(always(200))
    client = client_of(make_server(always(302, Location=f"{elsewhere.url}/v2/")))
    assert fail(client.ping).code == "REDIRECT"
    assert fail(lambda: client.get_manifest(NAME, TAG)).code == "REDIRECT"
    assert elsewhere.seen == []


def test_a_blob_in_object_storage_is_read_without_the_token(make_server, client_of):
    storage = make_server(always(200, BLOB))
    registry = make_server(always(307, Location=f"{storage.url}/bucket?signature=1"))
    client = client_of(registry)
    assert client.get_blob(NAME, DIGEST, len(BLOB)) == BLOB
    assert registry.seen[0].headers["Authorization"] == "Bearer secret-token"
    assert storage.seen[0].path == "/bucket?signature=1"
    assert "Authorization" not in storage.seen[0].headers
    assert client.meter.requests_made == 2


def test_object_storage_must_not_redirect_again(make_server, client_of):
    last = make_server(always(200, BLOB))
    storage = make_server(always(302, Location=f"{last.url}/"))
    client = client_of(make_server(always(302, Location=f"{storage.url}/")))
    assert fail(lambda: client.get_blob(NAME, DIGEST, 9999)).code == "REDIRECT"
    assert last.seen == []


@pytest.mark.parametrize(
    "location",
    ["/v2/elsewhere", "ftp://127.0.0.1/x", "http://user@127.0.0.2/x", "", "["],
)
def test_other_redirects_of_blobs_are_refused(make_server, client_of, location):
    client = client_of(make_server(always(302, Location=location)))
    assert fail(lambda: client.get_blob(NAME, DIGEST, 9999)).code == "REDIRECT"


def test_a_blob_in_object_storage_exists(make_server, client_of):
    client = client_of(make_server(always(307, Location="http://127.0.0.1:1/x")))
    assert client.blob_exists(NAME, DIGEST)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/v2/qa/website/blobs/uploads/1",
        "https://127.0.0.1/v2/qa/website/blobs/uploads/1",
        "//attacker.example/v2/uploads/1",
        "/elsewhere",
        "/v2/../admin",
        "/v2/%2e%2e/admin",
        "http://[",
    ],
)
def test_an_upload_elsewhere_is_refused(make_server, client_of, location):
    client = client_of(make_server(always(202, Location=location)))
    error = fail(lambda: client.mount_blob(DIGEST, source=NAME, target=TARGET))
    assert error.code in {"REDIRECT", "MALFORMED"}


def test_an_upload_without_location_is_malformed(make_server, client_of):
    client = client_of(make_server(always(202)))
    error = fail(lambda: client.mount_blob(DIGEST, source=NAME, target=TARGET))
    assert error.code == "MALFORMED"


@pytest.mark.parametrize(
    "address", ["registry:5000", "ftp://registry", "http://", "http://me:pw@registry"]
)
def test_an_address_that_cannot_be_one_is_refused(address):
    with pytest.raises(ValueError, match="must look like https"):
        RegistryClient(address, lambda _: "")


def test_no_token_sends_no_header(make_server):
    server = make_server(always(200))
    client = RegistryClient(server.url, lambda _: "")
    client.ping()
    assert "Authorization" not in server.seen[0].headers
    client.close()


def test_a_prefix_in_the_address_is_kept(make_server, client_of):
    server = make_server(always(200, b'{"tags": ["a"]}'))
    client = RegistryClient(f"{server.url}/registry/", lambda _: "")
    assert list(client.iter_tags(NAME)) == ["a"]
    assert server.seen[0].path.startswith("/registry/v2/dev/website/tags/list?")
    client.close()


# Content that is not what it should be


def test_a_manifest_with_another_digest_is_refused(make_server, client_of, make_image):
    raw = make_image("other").manifest.raw
    client = client_of(
        make_server(always(200, raw, Content_Type=MediaType.OCI_MANIFEST))
    )
    error = fail(lambda: client.get_manifest(NAME, DIGEST))
    assert error.code == "DIGEST_MISMATCH"


def test_a_manifest_that_contradicts_its_header_is_refused(
    make_server, client_of, make_image
):
    answer = always(
        200,
        make_image("other").manifest.raw,
        Content_Type=MediaType.OCI_MANIFEST,
        Docker_Content_Digest=str(DIGEST),
    )
    client = client_of(make_server(answer))
    assert fail(lambda: client.get_manifest(NAME, TAG)).code == "DIGEST_MISMATCH"


def test_a_manifest_that_makes_no_sense_is_malformed(make_server, client_of):
    answer = always(200, b"{}", Content_Type=MediaType.OCI_MANIFEST)
    error = fail(lambda: client_of(make_server(answer)).get_manifest(NAME, TAG))
    assert error.code == "MALFORMED"
    assert "schemaVersion must be 2" in str(error)


def test_storing_something_else_is_noticed(make_server, client_of, make_image):
    manifest = make_image("one").manifest
    client = client_of(make_server(always(201, Docker_Content_Digest=str(DIGEST))))
    error = fail(
        lambda: client.put_manifest(NAME, TAG, manifest.raw, manifest.media_type)
    )
    assert error.code == "DIGEST_MISMATCH"


def test_a_manifest_is_not_sent_under_a_wrong_digest(make_server, client_of):
    server = make_server(always(201))
    error = fail(
        lambda: client_of(server).put_manifest(NAME, DIGEST, b"{}", "text/plain")
    )
    assert (error.code, server.seen) == ("DIGEST_MISMATCH", [])


def test_a_blob_with_another_digest_is_refused(make_server, client_of):
    client = client_of(make_server(always(200, b"something else")))
    assert fail(lambda: client.get_blob(NAME, DIGEST, 9999)).code == "DIGEST_MISMATCH"


def test_a_head_without_digest_reads_the_manifest(make_server, client_of, make_image):
    manifest = make_image("one").manifest
    server = make_server(always(200, manifest.raw, Content_Type=manifest.media_type))
    found = client_of(server).head_manifest(NAME, TAG)
    assert (found.digest, found.size) == (manifest.digest, len(manifest.raw))


@pytest.mark.parametrize("digest", ["sha256:12", "md5:" + "0" * 32, str(DIGEST)])
def test_a_head_with_a_wrong_digest_is_refused(make_server, client_of, digest):
    client = client_of(make_server(always(200, Docker_Content_Digest=digest)))
    error = fail(lambda: client.head_manifest(NAME, Digest.of(b"wanted")))
    assert error.code in {"MALFORMED", "DIGEST_MISMATCH"}


def test_a_head_without_size_is_malformed(make_server, client_of):
    answer = always(200, Docker_Content_Digest=str(DIGEST), Content_Length="")
    error = fail(lambda: client_of(make_server(answer)).head_manifest(NAME, TAG))
    assert error.code == "MALFORMED"


# Bodies without end, and servers without haste


def test_a_huge_body_is_not_read(make_server, client_of):
    def huge(handler):
        handler.reply(200, b"", Content_Length=str(2**40))
        while not handler.server.released.is_set():
            handler.wfile.write(b"x" * 65536)

    client = client_of(make_server(huge))
    assert fail(lambda: client.get_blob(NAME, DIGEST, 100_000)).code == "TOO_LARGE"


def test_an_endless_chunked_body_is_not_read(make_server, client_of):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not handler.server.released.is_set():
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    client = client_of(make_server(endless))
    assert fail(lambda: list(client.iter_tags(NAME))).code == "TOO_LARGE"


def drip(handler: Any) -> None:
    """Answer one byte at a time, each well before the read timeout."""
    handler.reply(200, b"", Content_Length="1000000")
    while not handler.server.released.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def test_a_slow_drip_has_a_deadline(make_server, client_of):
    client = client_of(make_server(drip))
    started = time.monotonic()
    error = fail(lambda: client.get_manifest(NAME, TAG))
    assert (error.code, error.temporary) == ("TIMEOUT", True)
    assert time.monotonic() - started < 3


def test_a_streamed_drip_has_a_deadline(make_server, client_of):
    server = make_server(lambda h: drip(h) if h.command == "GET" else h.reply(204))
    client = client_of(server)
    started = time.monotonic()
    assert fail(lambda: stream(client, [])).code == "TIMEOUT"
    assert time.monotonic() - started < 4


def test_headers_that_drip_have_a_deadline(make_server, client_of):
    def slow_headers(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b"x")

    client = client_of(make_server(slow_headers))
    started = time.monotonic()
    error = fail(client.ping)
    assert (error.code, error.temporary) == ("TIMEOUT", True)
    assert time.monotonic() - started < 3


def test_silence_is_a_timeout(make_server, client_of):
    client = client_of(make_server(lambda handler: handler.server.released.wait()))
    error = fail(client.ping)
    assert (error.code, error.temporary) == ("TIMEOUT", True)


def test_half_a_body_is_a_broken_connection(make_server, client_of):
    def half(handler):
        handler.close_connection = True
        handler.reply(200, b"half", Content_Length="8")

    error = fail(lambda: client_of(make_server(half)).get_manifest(NAME, TAG))
    assert (error.code, error.temporary) == ("CONNECTION", True)


def test_nonsense_instead_of_http_is_a_broken_connection(make_server, client_of):
    def nonsense(handler):
        handler.close_connection = True
        handler.wfile.write(b"\0\1\2 SSH-2.0\r\n\r\n")

    assert fail(client_of(make_server(nonsense)).ping).code == "CONNECTION"


def test_nobody_there_is_a_broken_connection():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        client = RegistryClient(f"http://127.0.0.1:{port}", lambda _: "")
        error = fail(client.ping)
        client.close()
    assert (error.code, error.temporary) == ("CONNECTION", True)


def test_a_server_without_tls_is_a_broken_connection(make_server):
    server = make_server(always(200))
    client = RegistryClient(server.url.replace("http:", "https:"), lambda _: "")
    assert fail(client.ping).code == "CONNECTION"
    client.close()


# Refusals


def test_too_many_requests_says_when_to_come_back(make_server, client_of):
    client = client_of(make_server(always(429, Retry_After="7")))
    error = fail(client.ping)
    assert (error.code, error.temporary, error.retry_after) == (
        "TOOMANYREQUESTS",
        True,
        7.0,
    )


def test_a_date_says_when_to_come_back(make_server, client_of):
    later = datetime.now(UTC) + timedelta(seconds=60)
    date = format_datetime(later, usegmt=True)
    error = fail(client_of(make_server(always(503, Retry_After=date))).ping)
    assert (error.code, error.temporary) == ("UNAVAILABLE", True)
    assert error.retry_after == pytest.approx(60, abs=10)


def test_an_internal_error_is_temporary(make_server, client_of):
    error = fail(client_of(make_server(always(500, b"<html>oops"))).ping)
    assert (error.code, error.status, error.temporary) == ("UNKNOWN", 500, True)


def test_an_unreadable_refusal_is_still_that_refusal(make_server, client_of):
    def refuse(handler):
        handler.reply(403, b"", Content_Length="1000000")
        handler.server.released.wait()

    error = fail(client_of(make_server(refuse)).ping)
    assert (error.code, error.status) == ("DENIED", 403)


def test_a_refusal_that_repeats_our_token_is_masked(make_server, client_of):
    def echo(handler):
        said = f"bad header {handler.headers['Authorization']}"
        body = json.dumps(error_envelope("DENIED", said)).encode()
        handler.reply(403, body)

    error = fail(client_of(make_server(echo)).ping)
    assert "secret-token" not in str(error)
    assert "bad header" in str(error)


# Listings


def test_pages_are_followed(make_server, client_of):
    def page(handler):
        if "last=b" in handler.path:
            return handler.reply(200, b'{"repositories": ["c"]}')
        link = '</v2/_catalog?last=b&n=2>; rel="next"'
        return handler.reply(200, b'{"repositories": ["a", "b"]}', Link=link)

    client = client_of(make_server(page))
    assert list(client.iter_repositories()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ('<http://127.0.0.1:1/v2/_catalog?n=2>; rel="next"', "REDIRECT"),
        ('</v2/dev/website/tags/list>; rel="next"', "REDIRECT"),
        ('</v2/_catalog?n=1000>; rel="next"', "MALFORMED"),
    ],
)
def test_pages_that_lead_astray_are_refused(make_server, client_of, link, code):
    client = client_of(make_server(always(200, b'{"repositories": ["a"]}', Link=link)))
    assert fail(lambda: list(client.iter_repositories())).code == code


def test_a_listing_too_long_is_given_up(make_server, client_of, monkeypatch):
    monkeypatch.setattr("repositories.registry.client.MAX_LISTED", 3)
    client = client_of(make_server(always(200, b'{"tags": ["a", "b", "c", "d"]}')))
    assert fail(lambda: list(client.iter_tags(NAME))).code == "TOO_LARGE"


def test_pages_that_stay_empty_end(make_server, client_of):
    link = '</v2/_catalog?last=x&n=2>; rel="next"'
    client = client_of(make_server(always(200, b'{"repositories": []}', Link=link)))
    assert fail(lambda: list(client.iter_repositories())).code == "MALFORMED"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html>", b'{"tags": "a"}', b'{"tags": [1]}']
)
def test_a_listing_that_is_none_is_malformed(make_server, client_of, body):
    client = client_of(make_server(always(200, body)))
    assert fail(lambda: list(client.iter_tags(NAME))).code == "MALFORMED"


@pytest.mark.parametrize("body", [b'{"tags": null}', b'{"tags": []}'])
def test_a_listing_of_nothing_is_empty(make_server, client_of, body):
    assert list(client_of(make_server(always(200, body))).iter_tags(NAME)) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.head_manifest(NAME, TAG),
        lambda client: client.blob_exists(NAME, DIGEST),
        lambda client: client.delete_tag(NAME, TAG),
    ],
    ids=["head", "blob", "delete"],
)
def test_a_refusal_is_not_taken_for_absence(make_server, client_of, ask):
    client = client_of(make_server(always(403)))
    assert fail(lambda: ask(client)).code == "DENIED"


# Moving blobs


def stream(client: RegistryClient, seen: list[int]) -> int:
    return client.stream_blob(
        DIGEST,
        source=NAME,
        target=TARGET,
        upload_location="/v2/qa/website/blobs/uploads/1?_state=s",
        on_bytes=seen.append,
    )


def test_a_blob_is_streamed_into_its_upload(make_server, client_of):
    def answer(handler):
        handler.reply(*((200, BLOB) if handler.command == "GET" else (201,)))

    server = make_server(answer)
    seen: list[int] = []
    assert stream(client_of(server), seen) == sum(seen) == len(BLOB)
    put = server.seen[-1]
    assert (put.command, put.content) == ("PUT", BLOB)
    assert put.path.endswith(f"uploads/1?_state=s&digest={DIGEST}")


def test_a_corrupt_blob_is_never_completed(make_server, client_of):
    def answer(handler):
        handler.reply(*((200, b"corrupt") if handler.command == "GET" else (204,)))

    server = make_server(answer)
    assert fail(lambda: stream(client_of(server), [])).code == "DIGEST_MISMATCH"
    assert "DELETE" in {seen.command for seen in server.seen}
    puts = [seen for seen in server.seen if seen.command == "PUT"]
    assert all(put.content == b"" for put in puts)


def test_giving_up_cancels_the_upload(make_server, client_of):
    class GivenUp(Exception):
        pass

    def give_up(_count):
        raise GivenUp

    def answer(handler):
        handler.reply(*((200, BLOB) if handler.command == "GET" else (204,)))

    server = make_server(answer)
    with pytest.raises(GivenUp):
        client_of(server).stream_blob(
            DIGEST,
            source=NAME,
            target=TARGET,
            upload_location="/v2/qa/website/blobs/uploads/1",
            on_bytes=give_up,
        )
    assert "DELETE" in {seen.command for seen in server.seen}


# Copies


def missing(*digests: Digest) -> bytes:
    entry = error_envelope("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
    errors = [{**entry["errors"][0], "detail": str(digest)} for digest in digests]
    return json.dumps({"errors": errors}).encode()


def copy(client: RegistryClient, *manifests: Any, **options: Any) -> CopyReport:
    return copy_image(
        client, source=NAME, target=TARGET, manifests=manifests, tag=TAG, **options
    )


def test_blobs_collected_between_two_puts_are_mounted_again(
    make_server, client_of, make_image
):
    manifest = make_image("one").manifest
    refusals = [manifest.blobs, manifest.blobs[:1]]

    def answer(handler):
        if handler.command == "PUT" and refusals:
            gone = [blob.digest for blob in refusals.pop(0)]
            return handler.reply(400, missing(*gone))
        return handler.reply(201)

    report = copy(client_of(make_server(answer)), manifest)
    assert report.blobs_mounted == len(manifest.blobs) + 1


def test_a_registry_that_keeps_losing_blobs_is_given_up(
    make_server, client_of, make_image
):
    manifest = make_image("one").manifest

    def answer(handler):
        if handler.command == "PUT":
            return handler.reply(400, missing(manifest.config.digest))
        return handler.reply(201)

    server = make_server(answer)
    error = fail(lambda: copy(client_of(server), manifest))
    assert error.code == "MANIFEST_BLOB_UNKNOWN"
    assert len([seen for seen in server.seen if seen.command == "PUT"]) == 4


@pytest.mark.parametrize("named", [(), (DIGEST,)])
def test_missing_blobs_not_of_the_manifest_are_not_believed(
    make_server, client_of, make_image, named
):
    manifest = make_image("one").manifest
    refusals = [missing(*named)]

    def answer(handler):
        if handler.command == "PUT" and refusals:
            body = json.loads(refusals.pop())
            body["errors"] = (
                body["errors"] or error_envelope("MANIFEST_BLOB_UNKNOWN", "")["errors"]
            )
            return handler.reply(400, json.dumps(body).encode())
        return handler.reply(201)

    server = make_server(answer)
    assert copy(client_of(server), manifest).blobs_mounted == len(manifest.blobs)
    assert not any(str(DIGEST) in seen.path for seen in server.seen)


def test_what_is_not_mounted_is_streamed_and_reported(
    make_server, client_of, make_image
):
    image = make_image("one")
    content = {Digest.of(blob): blob for blob in image.blobs}
    held = set()

    def answer(handler):
        if handler.command == "POST":
            return handler.reply(202, Location="/v2/qa/website/blobs/uploads/1")
        if handler.command == "GET":
            digest = Digest.parse(handler.path.rpartition("/")[2])
            return handler.reply(200, content[digest])
        if "blobs" in handler.path:
            held.add(Digest.of(handler.content))
        elif held != set(content):
            return handler.reply(400, missing(*content))
        return handler.reply(201)

    seen: list[Progress] = []
    report = copy(
        client_of(make_server(answer)), image.manifest, on_progress=seen.append
    )
    total = sum(map(len, content.values()))
    assert (report.blobs_mounted, report.bytes_moved) == (0, total)
    assert (seen[-1].blobs_done, seen[-1].bytes_moved) == (len(content), total)


def test_a_failed_child_leaves_the_tag_unwritten(
    make_server, client_of, make_image, make_index
):
    child = make_image("one").manifest
    server = make_server(always(500))
    error = fail(lambda: copy(client_of(server), child, make_index(child)))
    assert error.temporary
    assert not any(seen.path.endswith("manifests/latest") for seen in server.seen)


def stream_for_ever(handler: Any, streaming: threading.Event) -> None:
    handler.reply(200, b"", Content_Length=str(2**30))
    while not handler.server.released.is_set():
        handler.wfile.write(b"x" * 65536)
        streaming.set()


def test_what_still_streams_stops_when_the_lease_is_lost(
    make_server, client_of, make_image
):
    class LostLease(Exception):
        pass

    manifest = make_image("one", layers=2).manifest
    streaming = threading.Event()

    def answer(handler):
        if handler.command == "PUT" and "manifests" in handler.path:
            return handler.reply(400, missing(*[b.digest for b in manifest.blobs]))
        if str(manifest.config.digest) in handler.path and handler.command == "POST":
            streaming.wait(5)
            return handler.reply(201)
        if handler.command == "POST":
            return handler.reply(202, Location="/v2/qa/website/blobs/uploads/1")
        is_read = handler.command == "GET"
        return stream_for_ever(handler, streaming) if is_read else None

    def lose(_progress):
        if streaming.is_set():
            raise LostLease

    server = make_server(answer)
    with pytest.raises(LostLease):
        copy(client_of(server), manifest, on_progress=lose)
    assert not any(seen.path.endswith("manifests/latest") for seen in server.seen[1:])
    assert "DELETE" in {seen.command for seen in server.seen}


def test_a_failing_mount_stops_the_others(make_server, client_of, make_image):
    manifest = make_image("one", layers=40).manifest

    def answer(handler):
        if handler.command == "PUT":
            return handler.reply(400, missing(*[b.digest for b in manifest.blobs]))
        return handler.reply(403)

    server = make_server(answer)
    error = fail(lambda: copy(client_of(server), manifest, parallelism=2))
    assert error.code == "DENIED"
    assert len(server.seen) < 20
