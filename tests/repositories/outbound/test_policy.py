"""Which addresses may be called, for which purpose."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.outbound import (
    InvalidEntry,
    OutboundRefused,
    Policy,
    parse_allowances,
    parse_denied,
)

UNSPECIFIED = "0.0.0.0"  # noqa: S104 - an address that is refused, not bound to
PRIVATE = (
    UNSPECIFIED,
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::10.0.0.1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:db8::1",
    "2002:0a00:0001::1",
    "2002:0808:0808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111")
METADATA = (
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
)


def refused(
    *addresses: str,
    purpose: str = "scanner",
    host: str = "scanner.example.com",
    port: int = 443,
    allow: tuple[str, ...] = (),
    deny: tuple[str, ...] = (),
    names: dict[str, str] | None = None,
) -> bool:
    policy = Policy(parse_allowances(allow), parse_denied(deny))
    known = {name: (ip_address(text),) for name, text in (names or {}).items()}
    try:
        policy.check(
            purpose,
            host,
            port,
            [ip_address(text) for text in addresses],
            lambda name: known.get(name, ()),
        )
    except OutboundRefused:
        return True
    return False


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address):
    assert refused(address)
    assert refused("8.8.8.8", address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address):
    assert not refused(address)
    assert not refused(address, purpose="tenant-scanner")


@given(st.ip_addresses())
def test_nothing_counts_as_public_that_python_knows_not_to_be(address):
    if address.is_multicast or not address.is_global:
        assert refused(str(address))


def test_unusual_ports_are_refused_unless_they_are_allowed():
    assert refused("8.8.8.8", port=6379)
    assert not refused("8.8.8.8", port=8443)
    assert not refused("8.8.8.8", port=9000, allow=("scanner=8.8.8.0/24:9000",))
    assert not refused(
        "8.8.8.8", port=9000, allow=("scanner=scanner.example.com:9000",)
    )


def test_a_range_is_allowed_for_its_purpose_and_port_only():
    allow = ("scanner=10.0.0.0/8:8080",)
    assert not refused("10.1.2.3", port=8080, allow=allow)
    assert refused("10.1.2.3", port=8081, allow=allow)
    assert refused("10.1.2.3", port=443, allow=allow)
    assert refused("11.1.2.3", "192.168.0.1", port=8080, allow=allow)
    assert refused("10.1.2.3", purpose="tenant-scanner", port=8080, allow=allow)


def test_an_entry_without_a_port_means_the_usual_ones():
    allow = ("scanner=192.168.0.0/16",)
    assert not refused("192.168.1.1", port=8080, allow=allow)
    assert refused("192.168.1.1", port=5432, allow=allow)


def test_ipv6_ranges_stand_in_brackets():
    assert not refused("fd00::7", port=8080, allow=("scanner=[fd00::/8]:8080",))
    assert not refused("::1", port=9, host="localhost", allow=("scanner=[::1]:9",))


def test_a_host_is_allowed_by_its_name():
    allow = ("scanner=Trivy-Adapter.:8080",)
    assert not refused("10.1.2.3", host="trivy-adapter", port=8080, allow=allow)
    assert not refused("10.1.2.3", host="TRIVY-ADAPTER.", port=8080, allow=allow)
    assert refused("10.1.2.3", host="x.trivy-adapter", port=8080, allow=allow)
    assert refused("10.1.2.3", host="trivy-adapter", port=80, allow=allow)


def test_an_allowed_range_does_not_allow_what_is_translated_into_it():
    allow = ("scanner=[64:ff9b::/96]",)
    assert not refused("64:ff9b::8.8.8.8", allow=allow)
    assert refused("64:ff9b::10.0.0.1", allow=allow)


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_are_denied_whatever_is_allowed(address):
    allow = (
        "scanner=0.0.0.0/0",
        "scanner=[::/0]",
        "scanner=scanner.example.com",
    )
    assert refused(address, port=80, allow=allow)
    assert not refused("10.0.0.1", port=80, allow=allow)


def test_metadata_services_are_denied_by_name():
    allow = ("scanner=metadata.google.internal",)
    assert refused("8.8.8.8", host="metadata.google.internal.", allow=allow)
    assert refused(host="metadata.google.internal", allow=allow)


def test_denied_places_are_denied_by_name_and_by_every_address():
    allow = ("scanner=10.0.0.0/8:5432", "scanner=evil.example.com:5432")
    deny = ("database:5432",)
    names = {"database": "10.0.0.5"}
    assert refused(
        "10.0.0.5",
        host="evil.example.com",
        port=5432,
        allow=allow,
        deny=deny,
        names=names,
    )
    assert refused(
        "10.0.0.9", host="database", port=5432, allow=allow, deny=deny, names=names
    )
    assert not refused("10.0.0.6", port=5432, allow=allow, deny=deny, names=names)


def test_a_denied_place_on_this_machine_is_denied_under_all_its_addresses():
    allow = ("scanner=127.0.0.0/8:6379", "scanner=0.0.0.0:6379", "scanner=[::1]:6379")
    deny, names = ("localhost:6379",), {"localhost": "127.0.0.1"}
    for address in ("127.0.0.1", "127.0.0.2", UNSPECIFIED, "::1"):
        assert not refused(address, port=6379, allow=allow)
        assert refused(address, port=6379, allow=allow, deny=deny, names=names)


def test_a_denied_place_without_a_port_is_denied_on_all():
    assert refused("8.8.8.8", deny=("8.8.0.0/16",))
    assert not refused("8.8.8.8", port=443, deny=("8.8.0.0/16:80",))


def test_names_that_a_proxy_looks_up_must_not_be_local_ones():
    for host in ("localhost", "a.localhost", "vault", "db.internal", "nas.local"):
        assert refused(host=host)
        assert not refused(host=host, allow=(f"scanner={host}:443",))
    assert not refused(host="scanner.example.com")
    assert refused(host="scanner.example.com", port=22)
    # A range says nothing of a name whose addresses are not seen.
    assert refused(
        host="scanner.example.com", port=22, allow=("scanner=10.0.0.0/8:22",)
    )


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "10.0.0.0/8",
        "scanner=",
        "scanner=10.0.0.0/33",
        "scanner=10.0.0.1/8",
        "scanner=host:0",
        "scanner=host:70000",
        "scanner=fd00::1:80",
        "scanner=[fd00::/8",
        "SCANNER=host",
        "scanner=http://host",
    ],
)
def test_an_entry_that_cannot_be_read_is_said(entry):
    with pytest.raises(InvalidEntry, match=r"“.*”"):
        parse_allowances([entry])


def test_what_is_denied_is_denied_for_no_single_purpose():
    with pytest.raises(InvalidEntry):
        parse_denied(["scanner=10.0.0.0/8"])
