"""What nobody may reach through the portal: all of it refused, and nothing connects."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from repositories.outbound import (
    Call,
    OutboundClient,
    OutboundError,
    OutboundRefused,
    Policy,
    parse_allowances,
    parse_denied,
)
from repositories.services import outbound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PUBLIC = ip_address("93.184.215.14")

# Written down in every way that some reader of addresses takes for a local one.
LITERALS = (
    "http://127.0.0.1/",
    "http://127.0.0.1:8000/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0:8080/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0x7F.1/",
    "http://127.0.0.1./",
    "http://10.0.0.1/",
    "http://167772161/",
    "http://172.16.0.1/",
    "http://192.168.0.1:8443/",
    "http://3232235521/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:0a00:0001]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::192.168.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:c0a8:1::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[ff02::1]/",
)
NAMES = (
    "http://localhost/",
    "http://LOCALHOST:8080/",
    "http://localhost./",
    "http://ip6-localhost/",
    "http://localhost.localdomain/",
    "http://no-such-name.invalid/",
)
METADATA = (
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fd00:ec2::254]/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata.google.internal./",
)
NO_ADDRESS = (
    "http://user:password@93.184.215.14/",
    "http://93.184.215.14@127.0.0.1/",
    "http://127.0.0.1#@93.184.215.14/",
    "http://93.184.215.14\\@127.0.0.1/",
    "http://127.0.0.1%2f@93.184.215.14/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://[::ffff:127.0.0.1/",
    "http://93.184.215.14\r\nHost: localhost/",
    "http://93.184.215.14\t/",
    "http:93.184.215.14/",
    "//93.184.215.14/",
    "",
)
OTHER_SCHEMES = (
    "ftp://93.184.215.14/",
    "file:///etc/passwd",
    "gopher://93.184.215.14:80/_SET%20a%20b",
    "dict://93.184.215.14:80/info",
    "ldap://93.184.215.14/",
    "ws://93.184.215.14/",
    "redis://93.184.215.14:80/",
    "jar:http://93.184.215.14/!/",
    "javascript:alert(1)",
)
ODD_PORTS = (
    "http://93.184.215.14:0/",
    "http://93.184.215.14:22/",
    "http://93.184.215.14:25/",
    "http://93.184.215.14:81/",
    "http://93.184.215.14:2375/",
    "http://93.184.215.14:3306/",
    "http://93.184.215.14:5432/",
    "http://93.184.215.14:6379/",
    "http://93.184.215.14:9200/",
    "http://93.184.215.14:65536/",
    "http://93.184.215.14:-80/",
)


@pytest.fixture
def connected(monkeypatch):
    """The addresses to which sockets were connected; none of them answers."""
    asked: list[Any] = []

    def connect(_socket: socket.socket, address: Any) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return asked


def call(url: str, purpose: str = "tenant-webhook") -> Call:
    return Call(purpose, "POST", url, body=b"{}", seconds=5.0)


def answering(*answers: Sequence[str]) -> Callable[[str], Sequence[Any]]:
    """A resolver that gives these answers in turn, the last one for ever."""
    left = [tuple(map(ip_address, answer)) for answer in answers]
    return lambda _name: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("url", LITERALS + METADATA + NO_ADDRESS)
def test_local_and_malformed_addresses_are_refused(connected, url):
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy()).send(call(url))
    assert connected == []


@pytest.mark.parametrize("url", NAMES)
def test_local_names_are_refused(connected, url):
    known = answering(()) if "no-such" in url else answering(["127.0.0.1"])
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy(), resolve=known).send(call(url))
    assert connected == []


@pytest.mark.parametrize("url", OTHER_SCHEMES + ODD_PORTS)
def test_other_schemes_and_ports_are_refused(connected, url):
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy()).send(call(url))
    assert connected == []


@pytest.mark.parametrize("url", METADATA)
def test_metadata_is_refused_whatever_is_allowed(connected, url):
    everything = parse_allowances(("tenant-webhook=0.0.0.0/0", "tenant-webhook=[::/0]"))
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy(everything)).send(call(url))
    assert connected == []


@pytest.mark.parametrize("hidden", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"])
def test_one_bad_address_among_good_ones_is_enough(connected, hidden):
    names = answering([str(PUBLIC), hidden])
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy(), resolve=names).send(call("http://mixed.example/"))
    assert connected == []


@pytest.mark.parametrize("later", ["127.0.0.1", "169.254.169.254", "10.0.0.5"])
def test_a_name_that_changes_its_answer_leads_nowhere_else(connected, later):
    """DNS rebinding: what is connected to is what was checked, at every try."""
    names = answering([str(PUBLIC)], [later])
    client = OutboundClient(Policy(), resolve=names)
    with pytest.raises(OutboundError):
        client.send(call("http://rebind.example/"))
    assert [address for address, _port in connected] == [str(PUBLIC)]
    connected.clear()
    with pytest.raises(OutboundRefused):
        client.send(call("http://rebind.example/"))
    assert connected == []


def test_a_redirect_is_not_followed_anywhere(make_server):
    inside = make_server(lambda handler: handler.reply(200, b"secret"))
    for status in (301, 302, 303, 307, 308):
        door = make_server(
            lambda handler, status=status: handler.reply(
                status, b"", Location=f"{inside.url}/admin"
            )
        )
        allowed = parse_allowances([f"tenant-webhook=127.0.0.1:{door.server_port}"])
        answer = OutboundClient(Policy(allowed)).send(call(door.url))
        assert answer.status == status
    assert inside.seen == []


def test_a_tenant_does_not_inherit_what_administrators_are_allowed(connected):
    client = OutboundClient(Policy(parse_allowances(["webhook=10.0.0.0/8:80"])))
    with pytest.raises(OutboundRefused):
        client.send(call("http://10.1.2.3/", purpose="tenant-webhook"))
    assert connected == []
    with pytest.raises(OutboundError):
        client.send(call("http://10.1.2.3/", purpose="webhook"))
    assert connected == [("10.1.2.3", 80)]


def test_the_portals_own_parts_are_refused_whatever_is_allowed(
    connected, settings, monkeypatch
):
    settings.OUTBOUND_ALLOW = [
        f"{purpose}={place}"
        for purpose in ("webhook", "tenant-webhook")
        for place in ("10.0.0.0/8:5432", "10.0.0.0/8:6379", "10.0.0.0/8:5000")
    ]
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "10.0.0.1")
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", 5432)
    settings.REDIS_URL = "redis://10.0.0.2:6379/0"
    settings.REGISTRY_URL = "http://10.0.0.3:5000"
    settings.SCANNER_REGISTRY_URL = "http://10.0.0.4:5000"
    own = ("10.0.0.1:5432", "10.0.0.2:6379", "10.0.0.3:5000", "10.0.0.4:5000")
    for place in (*own, "[::ffff:10.0.0.2]:6379", "167772161:5432"):
        for purpose in ("webhook", "tenant-webhook"):
            with pytest.raises(OutboundRefused):
                outbound.client().send(call(f"http://{place}/", purpose))
    assert connected == []


def test_what_is_denied_by_name_is_denied_by_its_address(connected):
    policy = Policy(
        parse_allowances(["tenant-webhook=10.0.0.0/8:8200"]),
        parse_denied(["vault.example:8200"]),
    )
    client = OutboundClient(policy, resolve=answering(["10.0.0.7"]))
    with pytest.raises(OutboundRefused):
        client.send(call("http://10.0.0.7:8200/"))
    assert connected == []


def test_the_answer_of_a_private_address_is_marked(make_server):
    server = make_server(lambda handler: handler.reply(200, b"inside"))
    allowed = parse_allowances([f"webhook=127.0.0.1:{server.server_port}"])
    answer = OutboundClient(Policy(allowed)).send(call(server.url, "webhook"))
    assert answer.is_private


def test_names_that_never_resolve_do_not_hold_a_call_up(monkeypatch, connected):
    released = socket.socketpair()
    monkeypatch.setattr("repositories.outbound.client.RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: released[0].recv(1))
    with pytest.raises(OutboundRefused):
        OutboundClient(Policy()).send(call("http://slow.example/"))
    assert connected == []
    for end in released:
        end.close()
