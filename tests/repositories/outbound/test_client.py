"""Calls to servers that somebody named: where they go, and how long they may take."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from repositories.outbound import (
    Answer,
    Call,
    OutboundClient,
    OutboundError,
    OutboundFailed,
    OutboundRefused,
    Policy,
    parse_allowances,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hostile_registry import HostileServer

LOOPBACK = ip_address("127.0.0.1")
SECRET = "Bearer only-for-the-scanner"


def client_for(*servers: HostileServer, **settings: Any) -> OutboundClient:
    """A client that may call these servers, under any name."""
    entries = [
        f"scanner={host}:{server.server_port}"
        for server in servers
        for host in ("127.0.0.0/8", "scanner.test")
    ]
    settings.setdefault("resolve", lambda _name: (LOOPBACK,))
    return OutboundClient(Policy(parse_allowances(entries)), **settings)


def call(url: str, **values: Any) -> Call:
    values = {"purpose": "scanner", "method": "GET", "seconds": 5.0, **values}
    return Call(url=url, **values)


def named(server: HostileServer, path: str = "/") -> str:
    return f"http://scanner.test:{server.server_port}{path}"


def refused(client: OutboundClient, asked: Call) -> OutboundError:
    with pytest.raises(OutboundError) as raised:
        client.send(asked)
    return raised.value


def says(status: int = 200, body: bytes = b"", **headers: str) -> Callable[[Any], None]:
    return lambda handler: handler.reply(status, body, **headers)


# Where calls go


def test_the_answer_is_read_whole(make_server):
    server = make_server(says(201, b"hello", X_Note="yes"))
    asked = call(
        named(server, "/a%20b?x=1"),
        method="POST",
        body=b"question",
        headers={"Authorization": SECRET},
    )
    answer = client_for(server).send(asked)
    assert (answer.status, answer.body, answer.headers["x-note"]) == (
        201,
        b"hello",
        "yes",
    )
    (seen,) = server.seen
    assert (seen.command, seen.path, seen.content) == (
        "POST",
        "/a%20b?x=1",
        b"question",
    )
    assert seen.headers["Host"] == f"scanner.test:{server.server_port}"
    assert seen.headers["Authorization"] == SECRET


def test_private_addresses_are_not_connected_to(make_server):
    server = make_server(says())
    client = OutboundClient(Policy())
    for host in ("127.0.0.1", "localhost", "127.1", "0x7f000001", "[::1]", "0"):
        error = refused(client, call(f"http://{host}:{server.server_port}/"))
        assert isinstance(error, OutboundRefused)
    assert server.seen == []


def test_every_address_of_a_name_is_checked(make_server):
    server = make_server(says())
    found = (LOOPBACK, ip_address("192.168.0.1"))
    client = client_for(server, resolve=lambda _name: found)
    elsewhere = f"http://other.test:{server.server_port}/"
    assert isinstance(refused(client, call(elsewhere)), OutboundRefused)
    assert server.seen == []


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked(
    make_server,
):
    """DNS rebinding: the second look-up would lead elsewhere; there is none."""
    server, asked = make_server(says(200, b"checked")), []

    def resolve(name: str) -> tuple[Any, ...]:
        asked.append(name)
        return (LOOPBACK,) if len(asked) == 1 else (ip_address("127.0.0.9"),)

    answer = client_for(server, resolve=resolve).send(call(named(server)))
    assert answer.body == b"checked"
    assert asked == ["scanner.test"]


def test_the_next_address_is_tried_when_one_does_not_answer(make_server):
    server = make_server(says(200, b"second"))
    found = (ip_address("127.0.0.77"), LOOPBACK)  # the server listens on one
    client = client_for(server, resolve=lambda _name: found)
    assert client.send(call(named(server))).body == b"second"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(make_server, status):
    elsewhere = make_server(says())
    server = make_server(says(status, Location=elsewhere.url))
    answer = client_for(server, elsewhere).send(call(named(server)))
    assert (answer.status, answer.headers["Location"]) == (status, elsewhere.url)
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://scanner.test/",
        "file:///etc/passwd",
        "gopher://scanner.test:70/",
        "scanner.test:8080",
        "//scanner.test/",
        "http://",
        "http:///path",
        "http://user:password@scanner.test/",
        "http://scanner.test@127.0.0.1/",
        "http://scanner.test\\@127.0.0.1/",
        "http://scanner.test /",
        "http://scanner.test/\r\nX-Header: yes",
        "http://scänner.test/",
        "http://scanner.test:0/",
        "http://scanner.test:99999/",
        "http://[fe80::1%25eth0]/",
        "http://scanner.test/" + "a" * 3000,
    ],
)
def test_what_is_no_plain_address_is_refused(url):
    error = refused(OutboundClient(Policy()), call(url))
    assert isinstance(error, OutboundRefused)


def test_a_name_that_is_not_known_is_refused_as_one_that_is_private():
    def texts(*addresses: str) -> tuple[str, str]:
        found = tuple(ip_address(text) for text in addresses)
        client = OutboundClient(Policy(), resolve=lambda _name: found)
        error = refused(client, call("https://scanner.test/"))
        return str(error), error.detail

    unknown, private = texts(), texts("10.0.0.1")
    assert unknown[0] == private[0]
    assert "10.0.0.1" not in private[0]
    assert "MSR_OUTBOUND_ALLOW=scanner=10.0.0.1:443" in private[1]
    assert "not known" in unknown[1]


# How long, and how much


def timed(client: OutboundClient, asked: Call) -> tuple[OutboundError, float]:
    start = time.monotonic()
    error = refused(client, asked)
    assert isinstance(error, OutboundFailed)
    return error, time.monotonic() - start


def test_silence_ends(make_server):
    server = make_server(lambda handler: handler.server.released.wait(20))
    error, seconds = timed(client_for(server), call(named(server), seconds=0.5))
    assert error.detail == "The answer did not come in time."
    assert seconds < 5


def drip(handler: Any, head: bytes, piece: bytes) -> None:
    handler.wfile.write(head)
    while not handler.server.released.wait(0.05):
        handler.wfile.write(piece)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
    ids=["body", "chunks", "header", "continue", "endless"],
)
def test_drips_end(make_server, head, piece):
    server = make_server(lambda handler: drip(handler, head, piece))
    error, seconds = timed(client_for(server), call(named(server), seconds=0.5))
    assert error.detail == "The answer did not come in time."
    assert seconds < 5


def flood(handler: Any, head: bytes, piece: bytes) -> None:
    handler.wfile.write(head)
    while not handler.server.released.is_set():
        handler.wfile.write(piece)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65536 + b"\r\n",
        ),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    ],
    ids=["length", "endless", "chunks", "continue"],
)
def test_floods_end(make_server, head, piece):
    server = make_server(lambda handler: flood(handler, head, piece))
    asked = call(named(server), max_bytes=200_000, seconds=20)
    error, seconds = timed(client_for(server), asked)
    assert error.detail == "The answer is larger than allowed."
    assert seconds < 10


def test_many_long_headers_are_too_much(make_server):
    headers = {f"X_{number}": "x" * 60_000 for number in range(3)}
    server = make_server(says(200, b"", **headers))
    error, _ = timed(client_for(server), call(named(server)))
    assert error.detail == "The answer is larger than allowed."


def test_a_body_that_breaks_off_is_no_answer(make_server):
    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        handler.close_connection = True

    server = make_server(answer)
    error, _ = timed(client_for(server), call(named(server)))
    assert "made no sense" in error.detail


def test_what_is_no_http_is_no_answer(make_server):
    server = make_server(lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n\r\n"))
    timed(client_for(server), call(named(server)))


def test_who_does_not_listen_is_no_answer(make_server):
    server = make_server(says())
    client, asked = client_for(server), call(named(server))
    server.shutdown()
    server.server_close()
    error, _ = timed(client, asked)
    assert error.detail == "The connection failed."
    assert str(error) == OutboundFailed.sentence


# TLS


def certificate_for(name: str, folder: Path) -> tuple[Path, str]:
    """Return a file with key and certificate of the host, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{name}.pem"
    path.write_bytes(pem + certificate)
    return path, certificate.decode()


@pytest.fixture
def secure(make_server, tmp_path):
    """A server with a certificate for scanner.test, and that certificate."""
    path, certificate = certificate_for("scanner.test", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = make_server(says(200, b"safe"))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return server, certificate


def test_a_certificate_is_checked_by_the_name_not_by_the_address(secure):
    server, certificate = secure
    url = f"https://scanner.test:{server.server_port}/"
    client = client_for(server)
    assert client.send(call(url, ca_certificate=certificate)).body == b"safe"
    other = f"https://127.0.0.1:{server.server_port}/"
    error = refused(client, call(other, ca_certificate=certificate))
    assert error.detail == "Its TLS certificate could not be verified."


def test_a_certificate_that_nobody_vouches_for_is_refused(secure):
    server, _ = secure
    asked = call(f"https://scanner.test:{server.server_port}/")
    error = refused(client_for(server), asked)
    assert error.detail == "Its TLS certificate could not be verified."
    assert server.seen == []


def test_the_operators_authorities_vouch_too(secure, tmp_path):
    server, certificate = secure
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(certificate)
    client = client_for(server, ca_file=str(bundle))
    url = f"https://scanner.test:{server.server_port}/"
    assert client.send(call(url)).body == b"safe"


def test_a_ca_certificate_that_is_none_is_said(make_server):
    server = make_server(says())
    asked = call(named(server), ca_certificate="nothing")
    error = refused(client_for(server), asked)
    assert error.detail == "Its CA certificate is no PEM certificate."


# The proxy


def test_a_proxy_gets_plain_calls_and_looks_the_name_up(make_server):
    proxy = make_server(says(200, b"through"))

    def resolve(name: str) -> Any:
        raise AssertionError(name)

    client = OutboundClient(
        Policy(),
        proxy=f"http://portal:p%40ss@127.0.0.1:{proxy.server_port}",
        resolve=resolve,
    )
    answer = client.send(call("http://scanner.example.com/api"))
    assert answer == Answer(200, answer.headers, b"through", is_private=True)
    (seen,) = proxy.seen
    assert seen.path == "http://scanner.example.com/api"
    assert seen.headers["Proxy-Authorization"] == "Basic cG9ydGFsOnBAc3M="


def test_a_proxy_is_not_asked_for_what_is_local(make_server):
    proxy = make_server(says())
    client = OutboundClient(Policy(), proxy=proxy.url)
    local = ("127.0.0.1", "127.1", "2130706433", "localhost", "[::1]", "vault")
    for host in (*local, "127.0.0.1..", "localhost..", "metadata.goog.."):
        error = refused(client, call(f"http://{host}/"))
        assert isinstance(error, OutboundRefused)
    assert proxy.seen == []


def test_a_tunnel_that_drips_ends(make_server):
    def drip_tunnel(handler: Any) -> None:
        drip(handler, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")

    proxy = make_server(drip_tunnel)
    proxy.RequestHandlerClass.do_CONNECT = proxy.RequestHandlerClass.do_GET
    client = OutboundClient(Policy(), proxy=proxy.url)
    asked = call("https://scanner.example.com/", seconds=0.5)
    error, seconds = timed(client, asked)
    assert error.detail == "The answer did not come in time."
    assert seconds < 5
    assert proxy.seen[0].command == "CONNECT"
