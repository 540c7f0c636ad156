"""Connections to addresses that were checked, and answers that must come in time."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from repositories.outbound.addresses import Address

MAX_HEAD = 64 * 1024  # bytes of status line and headers


class TooMuch(Exception):
    """The answer is longer than the caller wants."""


@dataclass(slots=True)
class Exchange:
    """What one request and its answer may take.

    `ends_at` is of the monotonic clock. Without addresses a proxy is connected to.
    """

    ends_at: float
    max_bytes: int
    connect_timeout: float
    addresses: Sequence[Address] = ()

    def remaining(self, at_most: float = float("inf")) -> float:
        """Return the seconds left; raises TimeoutError when there are none."""
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("The answer took too long.")
        return min(seconds, at_most)


class _Bounded(io.RawIOBase):
    """What a socket receives, headers included: within the time and size allowed."""

    def __init__(
        self, received: io.RawIOBase, sock: socket.socket, exchange: Exchange
    ) -> None:
        self._received = received
        self._sock = sock
        self._exchange = exchange
        self._left = MAX_HEAD + exchange.max_bytes

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._exchange.remaining())
        count = self._received.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise TooMuch
        return count

    @override
    def close(self) -> None:
        self._received.close()
        super().close()


def _responses_of(exchange: Exchange) -> type[HTTPResponse]:
    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_Bounded(self.fp.detach(), sock, exchange))

    return Response


def _connected(connection: HTTPConnection, exchange: Exchange) -> socket.socket:
    """Connect to the first checked address that answers; no name is looked up."""
    failure: OSError | None = None
    for address in exchange.addresses:
        try:
            return create_connection(
                (str(address), connection.port or 0),
                exchange.remaining(exchange.connect_timeout),
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failure = error
    raise NewConnectionError(connection, "no address answers") from failure


class _Connection(HTTPConnection):
    """Connects to checked addresses only; through a proxy, which checks for itself."""

    def __init__(self, *args: Any, exchange: Exchange, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.exchange = exchange
        self.response_class = _responses_of(exchange)

    @override
    def _new_conn(self) -> socket.socket:
        if not self.exchange.addresses:
            return super()._new_conn()
        return _connected(self, self.exchange)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same, and TLS on top."""


class Pool(HTTPConnectionPool):
    """Plain connections; `conn_kw` must hold the exchange."""

    ConnectionCls = _Connection


class SecurePool(HTTPSConnectionPool):
    """TLS by the host's name, whatever address is connected to."""

    ConnectionCls = _SecureConnection
