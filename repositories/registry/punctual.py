"""Connections whose answers must keep coming, headers included.

A socket's timeout is per read: a byte now and then would hold a worker for ever.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import socket

SLOWEST = 16 * 1024  # bytes per second below which an answer is given up
PATIENCE = 3  # times the read timeout that any answer may take besides


class PunctualManager(PoolManager):
    """A PoolManager that also times out on answers that merely trickle."""

    def __init__(self, num_pools: int, **settings: Any) -> None:
        super().__init__(num_pools, **settings)
        self.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Punctual(io.RawIOBase):
    """What a socket receives; each byte buys a little more time."""

    def __init__(self, received: io.RawIOBase, seconds: float) -> None:
        self._received = received
        self._deadline = time.monotonic() + seconds

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any, /) -> int | None:
        count = self._received.readinto(buffer)
        self._deadline += (count or 0) / SLOWEST
        if time.monotonic() > self._deadline:
            raise TimeoutError("The answer came too slowly.")
        return count

    @override
    def close(self) -> None:
        self._received.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = (sock.gettimeout() or 0) * PATIENCE
        self.fp = io.BufferedReader(_Punctual(self.fp.detach(), seconds))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
