"""Which IP addresses are public, and which others hide inside them.

Written out, because what the standard library calls global differs between versions
of Python. Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = ipaddress.IPv4Network | IPv6Network

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all else in IPv6 is special
_LAST_32_BITS = 0xFFFF_FFFF
_IPV4_AT_THE_END = tuple(
    IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of a local network
    )
)
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


def is_public(address: Address) -> bool:
    """Tell whether the address is one of the open internet's."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def faces(address: Address) -> tuple[Address, ...]:
    """Return the address, and the IPv4 addresses to which it may be translated."""
    if isinstance(address, IPv4Address):
        return (address,)
    return (address, *(IPv4Address(number) for number in _embedded(address)))


def _embedded(address: IPv6Address) -> tuple[int, ...]:
    number = int(address)
    if address.is_loopback or address.is_unspecified:
        return ()
    if any(address in network for network in _IPV4_AT_THE_END):
        return (number & _LAST_32_BITS,)
    if address in _SIX_TO_FOUR:
        return (number >> 80 & _LAST_32_BITS,)
    if address in _TEREDO:  # its server, and its client with all bits turned
        return (number >> 64 & _LAST_32_BITS, ~number & _LAST_32_BITS)
    return ()


def parse_address(text: str) -> Address | None:
    """Read a literal address; None for a name, and for an address with a zone."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None
