"""One call to an address somebody named: checked, bounded, and never led elsewhere."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError, LocationParseError, NewConnectionError
from urllib3.exceptions import SSLError as HTTPSSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util import Url, make_headers, parse_url

from repositories.outbound.addresses import Address, faces, is_public, parse_address
from repositories.outbound.connections import (
    MAX_HEAD,
    Exchange,
    Pool,
    SecurePool,
    TooMuch,
)
from repositories.outbound.errors import OutboundFailed, OutboundRefused
from repositories.outbound.policy import MAX_ADDRESSES, Policy, Resolve, known_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CHUNK = 64 * 1024  # bytes read at once
MAX_BODY = 1024 * 1024  # bytes
MAX_URL = 2000  # characters
RESOLVE_SECONDS = 5.0  # for one name; the system's own limit is longer
_PORTS = {"http": 80, "https": 443}
_CLEAN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without blank and backslash


@dataclass(frozen=True, slots=True)
class Call:
    """A request; `purpose` is the word under which the operator allows addresses.

    `max_bytes` are of the answer's body, `seconds` for the whole exchange. A
    `ca_certificate` (PEM) alone vouches for the host, instead of the usual ones.
    """

    purpose: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    max_bytes: int = MAX_BODY
    seconds: float = 30.0
    ca_certificate: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of any status: a redirect is an answer, too.

    Where `is_private`, it came from no address of the open internet, or from one that
    only a proxy knows: what it says is for administrators only.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_private: bool = False


def resolve(name: str) -> Sequence[Address]:
    """Return all addresses of a name, as the system knows it.

    None if it is unknown, or if its servers take longer than RESOLVE_SECONDS to say.
    """
    found: list[Sequence[Address]] = []
    asking = threading.Thread(target=lambda: found.append(_known(name)), daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    return found[0] if found else ()


def _known(name: str) -> Sequence[Address]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return tuple(ipaddress.ip_address(text) for text in texts)


@dataclass(frozen=True, slots=True)
class OutboundClient:
    """Calls what the policy lets it call. Holds no connections.

    `proxy` is an http proxy that every call goes through, with a name and a password
    where it wants them. It then looks names up: of addresses behind a name only the
    proxy can know, so the policy sees names and literal addresses alone.
    """

    policy: Policy
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    connect_timeout: float = 5.0
    resolve: Resolve = resolve

    def send(self, call: Call) -> Answer:
        """Send and read the whole answer; raises OutboundRefused or OutboundFailed."""
        url, ends_at = _parsed(call.url), time.monotonic() + call.seconds
        with _translated():
            manager = self._manager(call)
            addresses = self._checked(call.purpose, url)
            exchange = Exchange(
                ends_at,
                call.max_bytes,
                self.connect_timeout,
                () if self.proxy else addresses,
            )
            pool = manager.connection_from_url(url.url)
            pool.conn_kw["exchange"] = exchange
            try:
                answer = _answer(manager, call, url, exchange)
                return replace(answer, is_private=not _all_public(addresses))
            finally:
                manager.clear()

    def check(self, purpose: str, url: str) -> None:
        """Refuse an address that could not be called now; raises OutboundRefused."""
        self._checked(purpose, _parsed(url))

    def _checked(self, purpose: str, url: Url) -> Sequence[Address]:
        host, port = known_as(url.host or ""), url.port or _PORTS[url.scheme or ""]
        addresses = self._addresses(host)
        self.policy.check(purpose, host, port, addresses, self.resolve)
        return addresses

    def _addresses(self, host: str) -> Sequence[Address]:
        if literal := parse_address(host):
            return (literal,)
        if self.proxy:
            return _odd_literal(host)
        addresses = self.resolve(host)
        if not 0 < len(addresses) <= MAX_ADDRESSES:
            raise OutboundRefused(
                f"The name {host} is not known, or has too many addresses."
            )
        return addresses

    def _manager(self, call: Call) -> PoolManager:
        settings: dict[str, Any] = {
            "timeout": Timeout(min(self.connect_timeout, call.seconds), call.seconds),
            "ssl_context": _trusting(self.ca_file, call.ca_certificate),
        }
        manager = (
            self._through_proxy(settings) if self.proxy else PoolManager(**settings)
        )
        manager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
        return manager

    def _through_proxy(self, settings: dict[str, Any]) -> ProxyManager:
        auth = parse_url(self.proxy).auth
        headers = make_headers(proxy_basic_auth=unquote(auth)) if auth else None
        return ProxyManager(self.proxy, proxy_headers=headers, **settings)


def _parsed(text: str) -> Url:
    """Read a URL that can be called; the one reading that is checked and sent."""
    if not _CLEAN.fullmatch(text) or len(text) > MAX_URL:
        raise OutboundRefused("An address is of printable ASCII, without blanks.")
    try:
        url = parse_url(text)
    except LocationParseError:
        raise OutboundRefused("The address cannot be read.") from None
    if url.scheme not in _PORTS or not url.host or url.auth or "%" in url.host:
        raise OutboundRefused(
            "An address looks like https://scanner.example.com:8443, without a user"
            " name or password."
        )
    if url.port == 0:
        raise OutboundRefused("Port 0 cannot be called.")
    return Url(url.scheme, None, url.host, url.port, url.path, url.query)


def _all_public(addresses: Sequence[Address]) -> bool:
    every = [face for address in addresses for face in faces(address)]
    return bool(every) and all(is_public(face) for face in every)


def _odd_literal(host: str) -> Sequence[Address]:
    """Read an IPv4 address in its old spellings, such as 127.1 or 0x7f000001."""
    try:
        return (ipaddress.IPv4Address(socket.inet_aton(host)),)
    except (OSError, UnicodeError):
        return ()


def _trusting(ca_file: str, ca_certificate: str) -> ssl.SSLContext:
    if ca_certificate:
        try:
            return ssl.create_default_context(cadata=ca_certificate)
        except (ssl.SSLError, ValueError):
            raise OutboundFailed("Its CA certificate is no PEM certificate.") from None
    return _usual(ca_file, _changed_at(ca_file))


@lru_cache(maxsize=4)
def _usual(ca_file: str, _changed: int) -> ssl.SSLContext:
    """Read the usual certificates once: it takes longer than most calls do."""
    return ssl.create_default_context(cafile=ca_file or None)


def _changed_at(ca_file: str) -> int:
    """Return when the certificates were written last, in nanoseconds; 0 if unknown."""
    path = ca_file or ssl.get_default_verify_paths().cafile
    try:
        return Path(path).stat().st_mtime_ns if path else 0
    except OSError:
        return 0


def _answer(manager: PoolManager, call: Call, url: Url, exchange: Exchange) -> Answer:
    response = manager.urlopen(
        call.method,
        url.url,
        body=call.body or None,
        headers={"Accept-Encoding": "identity", **call.headers},
        retries=False,
        redirect=False,
        preload_content=False,
        decode_content=False,
    )
    try:
        _refuse_long_head(response)
        body = _body(response, exchange.max_bytes)
        return Answer(response.status, response.headers, body)
    finally:
        response.close()


def _refuse_long_head(response: BaseHTTPResponse) -> None:
    if (
        sum(len(name) + len(value) for name, value in response.headers.items())
        > MAX_HEAD
    ):
        raise TooMuch


def _body(response: BaseHTTPResponse, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.stream(CHUNK, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            raise TooMuch
    return bytes(body)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what urllib3 raises into OutboundFailed, with the cause as its detail."""
    try:
        yield
    except TooMuch:
        raise OutboundFailed("The answer is larger than allowed.") from None
    except NewConnectionError as error:  # which urllib3 derives from its timeouts
        raise OutboundFailed("The connection failed.") from error
    except (HTTPTimeoutError, TimeoutError) as error:
        raise OutboundFailed("The answer did not come in time.") from error
    except (HTTPSSLError, ssl.SSLError) as error:
        raise OutboundFailed("Its TLS certificate could not be verified.") from error
    except (HTTPError, OSError, ValueError) as error:
        raise OutboundFailed("The connection failed, or made no sense.") from error
