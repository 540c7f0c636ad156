"""Where calls may go: public addresses, and what the operator allows besides.

An entry of the allow-list is for one purpose, which is a word. What is denied is
denied for every purpose, whatever is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network
from typing import TYPE_CHECKING, Self

from repositories.outbound.addresses import Address, faces, is_public, parse_address
from repositories.outbound.errors import OutboundRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from repositories.outbound.addresses import Network

USUAL_PORTS = frozenset({80, 443, 8080, 8443})
MAX_ADDRESSES = 16  # of one name
LAST_PORT = 65_535

Resolve = Callable[[str], Sequence[Address]]  # all addresses of a name

# The services at which machines in clouds fetch their own credentials.
METADATA_SERVICES = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    "[fd20:ce::254]",
    "metadata.google.internal",
    "metadata.goog",
)

_ENTRY = re.compile(
    r"(?:(?P<purpose>[a-z][a-z-]*)=)?"
    r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+(?:/\d{1,3})?)\]|(?P<host>[\w.-]+(?:/\d{1,2})?))"
    r"(?::(?P<port>\d{1,5}))?",
    re.ASCII,
)


class InvalidEntry(ValueError):
    """An entry of a list cannot be read; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host by its name or a range of addresses; `port` None means the list's own."""

    name: str = ""
    network: Network | None = None
    port: int | None = None

    @classmethod
    def at(cls, host: str, port: int | None) -> Self:
        """Return the place of a host, which may be a literal address or a range.

        Raises ValueError for a range that is none.
        """
        name = known_as(host)
        if "/" not in name and parse_address(name) is None:
            return cls(name=name, port=port)
        return cls(network=ip_network(name), port=port)

    def holds(self, name: str, address: Address | None) -> bool:
        """Tell whether the host is meant, by its name or by its address."""
        if self.network is None:
            return self.name == name
        return address is not None and address in self.network


@dataclass(frozen=True, slots=True)
class Allowance:
    """That calls for one purpose may go to a place; without a port to usual ones."""

    purpose: str
    place: Place

    def covers(self, purpose: str, port: int) -> bool:
        """Tell whether the entry speaks of the purpose and of the port."""
        if purpose != self.purpose:
            return False
        return (
            port in USUAL_PORTS if self.place.port is None else port == self.place.port
        )


def known_as(host: str) -> str:
    """Return a host as lists name it: lower case, no brackets, no dots at the end."""
    return host.lower().removeprefix("[").removesuffix("]").rstrip(".")


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's lists; the services of clouds are denied beside `denied`.

    A denied place without a port is denied on all of them.
    """

    allowed: Sequence[Allowance] = ()
    denied: Sequence[Place] = ()

    def check(
        self,
        purpose: str,
        host: str,
        port: int,
        addresses: Sequence[Address],
        resolve: Resolve,
    ) -> None:
        """Return when every address may be called; raises OutboundRefused.

        `addresses` are all of the host's; where there are none, because a proxy looks
        them up, the name alone decides. `resolve` finds those of denied names.
        """
        name = known_as(host)
        every = {face for address in addresses for face in faces(address)}
        denied = [place for place in self.denied if place.port in {None, port}]
        if any(_is_at(place, name, every, _unknown) for place in _METADATA) or any(
            _is_at(place, name, every, resolve) for place in denied
        ):
            raise OutboundRefused("This address is denied for every purpose.")
        entries = [entry for entry in self.allowed if entry.covers(purpose, port)]
        if any(entry.place.holds(name, None) for entry in entries):
            return
        if not addresses:
            _refuse_unseen(name, purpose, port)
        for address in addresses:
            _refuse_unlisted(address, purpose, port, entries)


def _unknown(_name: str) -> Sequence[Address]:
    return ()


def _is_at(
    denied: Place, name: str, addresses: Collection[Address], resolve: Resolve
) -> bool:
    """Tell whether a name or one of the addresses is the denied place."""
    if denied.network is not None:
        return any(address in denied.network for address in addresses)
    if denied.name == name:
        return True
    known = resolve(denied.name) if addresses else ()
    # Every address of its loopback, and the unspecified one, reach the same machine.
    here = any(address.is_loopback for address in known)
    return any(
        address in known or (here and (address.is_loopback or address.is_unspecified))
        for address in addresses
    )


def _refuse_unseen(name: str, purpose: str, port: int) -> None:
    """Refuse, of names that a proxy looks up, those that can only be local ones."""
    local = "." not in name or name.endswith((".localhost", ".local", ".internal"))
    if local or port not in USUAL_PORTS:
        raise OutboundRefused(
            f"{name} is not of the open internet, or port {port} is unusual; to allow"
            f" it, set MSR_OUTBOUND_ALLOW={purpose}={name}:{port}."
        )


def _refuse_unlisted(
    address: Address, purpose: str, port: int, entries: Iterable[Allowance]
) -> None:
    places = [entry.place for entry in entries]
    for face in faces(address):
        listed = any(place.holds("", face) for place in places)
        if not listed and not (is_public(face) and port in USUAL_PORTS):
            shown = f"[{face}]" if isinstance(face, IPv6Address) else str(face)
            why = "port is unusual" if is_public(face) else "address is not public"
            raise OutboundRefused(
                f"The {why}; to allow it, set"
                f" MSR_OUTBOUND_ALLOW={purpose}={shown}:{port}."
            )


def parse_allowances(entries: Iterable[str]) -> tuple[Allowance, ...]:
    """Read entries like `scanner=10.0.0.0/8:8080`; raises InvalidEntry."""
    return tuple(_allowance(entry) for entry in entries)


def parse_denied(entries: Iterable[str]) -> tuple[Place, ...]:
    """Read entries like `database.internal:5432`; raises InvalidEntry."""
    return tuple(_denied(entry) for entry in entries)


def _allowance(entry: str) -> Allowance:
    match = _ENTRY.fullmatch(entry)
    if match is None or not match["purpose"]:
        raise InvalidEntry(
            f"“{entry}” must look like scanner=10.0.0.0/8:8080 or scanner=trivy:8080;"
            " an IPv6 range stands in brackets."
        )
    return Allowance(match["purpose"], _place(entry, match))


def _denied(entry: str) -> Place:
    match = _ENTRY.fullmatch(entry)
    if match is None or match["purpose"]:
        raise InvalidEntry(
            f"“{entry}” must look like 10.0.0.0/8 or database.internal:5432; an IPv6"
            " range stands in brackets."
        )
    return _place(entry, match)


def _place(entry: str, match: re.Match[str]) -> Place:
    port = int(match["port"]) if match["port"] else None
    text = match["ipv6"] or match["host"]
    if port is not None and not 0 < port <= LAST_PORT:
        raise InvalidEntry(f"“{entry}” names a port that does not exist.")
    try:
        return Place.at(text, port)
    except ValueError as error:
        raise InvalidEntry(
            f"“{entry}” names no range of addresses: {error}."
        ) from error


_METADATA = parse_denied(METADATA_SERVICES)
