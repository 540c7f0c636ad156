"""One operation's requests: authorised by a token, counted, refusals raised."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from repositories.registry.errors import MAX_ERROR_BODY, RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse

    from repositories.registry.token import ResourceScope
    from repositories.registry.transport import Body, Transport

TokenSource = Callable[["tuple[ResourceScope, ...]"], str]
MAX_SMALL_BODY = 64 * 1024  # bytes of answers that should hardly have a body
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Meter:
    """Counts the requests of one operation, over all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = 0

    def count(self) -> None:
        """Add one request."""
        with self._lock:
            self._requests += 1

    @property
    def requests_made(self) -> int:
        """Requests sent so far."""
        return self._requests


@dataclass(frozen=True, slots=True)
class Request:
    """What to send; `path` is below the registry's address and holds the query."""

    method: str
    path: str
    scopes: tuple[ResourceScope, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default=None, repr=False)
    max_bytes: int = MAX_SMALL_BODY  # of the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of status 200 to 299."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Session:
    """Sends requests with a token for `scopes`, or, when None, for each its own."""

    transport: Transport
    token_source: TokenSource
    scopes: tuple[ResourceScope, ...] | None = None
    meter: Meter = field(default_factory=Meter)

    def unbound(self) -> Session:
        """Return the same session, but with a token of its own for each request."""
        return replace(self, scopes=None)

    def send(self, request: Request) -> Answer:
        """Send and read the whole answer; raises RegistryError."""
        response = self.open(request)
        body = self.transport.read(response, request.max_bytes)
        return Answer(response.status, response.headers, body)

    def open(self, request: Request) -> BaseHTTPResponse:
        """Send and leave the body to be read; raises RegistryError."""
        return self._accepted(self._sent(request))

    def open_blob(self, request: Request) -> BaseHTTPResponse:
        """Like `open`, but follow one redirect to object storage, without the token."""
        response = self._sent(request)
        location = response.headers.get("Location", "")
        if response.status not in REDIRECTS or not self.transport.is_storage(location):
            return self._accepted(response)
        self.transport.read(response, MAX_SMALL_BODY)
        self.meter.count()
        return self._accepted(self.transport.open_storage(location))

    def _sent(self, request: Request) -> BaseHTTPResponse:
        headers = {"Accept-Encoding": "identity", **request.headers}
        token = self.token_source(
            request.scopes if self.scopes is None else self.scopes
        )
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.meter.count()
        return self.transport.open(request.method, request.path, headers, request.body)

    def _accepted(self, response: BaseHTTPResponse) -> BaseHTTPResponse:
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        body = self._error_body(response)
        raise RegistryError.from_response(response.status, response.headers, body)

    def _error_body(self, response: BaseHTTPResponse) -> bytes:
        """Read the body of a refusal; what cannot be read is no reason to hide it."""
        try:
            return self.transport.read(response, MAX_ERROR_BODY)
        except RegistryError:
            return b""
