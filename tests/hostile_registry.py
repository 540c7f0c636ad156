"""A registry that misbehaves on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from repositories.registry import (
    RegistryClient,
)

if TYPE_CHECKING:
    from email.message import Message

Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Seen:
    """A request that a server got; `content` is b"" until it has come whole."""

    command: str
    path: str
    headers: Message
    content: bytes = b""


class HostileServer(ThreadingHTTPServer):
    """Answers every request through `answering`, and remembers what was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering: Answering = lambda handler: handler.send_error(404)
        self.seen: list[Seen] = []
        self.released = threading.Event()  # set at the end: handlers wait on it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @override
    def handle_error(self, request, client_address) -> None:
        """Say nothing: clients under test hang up on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def _answer(self) -> None:
        seen = Seen(self.command, self.path, self.headers)
        self.server.seen.append(seen)
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            self.close_connection = True
            return
        self.content = seen.content = content
        self.server.answering(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _answer  # noqa: N815 - the names http.server looks for

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer; header names are given with underscores for dashes."""
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @override
    def log_message(self, *_) -> None:
        """Stay silent."""


@pytest.fixture
def make_server():
    """Start servers that answer as the test says: `make_server(answering)`."""
    with ExitStack() as stack:

        def start(answering: Answering) -> HostileServer:
            server = HostileServer()
            server.answering = answering
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            stack.callback(server.released.set)
            return server

        yield start


@pytest.fixture
def client_of():
    """Make clients with short timeouts for a server: `client_of(server)`."""
    with ExitStack() as stack:

        def make(server: HostileServer, **settings) -> RegistryClient:
            client = RegistryClient(
                server.url,
                lambda _scopes: "secret-token",
                connect_timeout=0.3,
                read_timeout=settings.pop("read_timeout", 0.3),
                **settings,
            )
            stack.callback(client.close)
            return client

        yield make
