"""The line to another registry's API: one host, its administrator's name and secret."""

from __future__ import annotations

import json
import math
import time
from base64 import b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit

from promotions.services.importing.errors import (
    NoAnswer,
    NotThere,
    UnusableAddress,
    UnusableAnswer,
)
from repositories.outbound import Call, OutboundFailed, OutboundRefused
from repositories.services.outbound import client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.outbound import Answer

PURPOSE = "import"
MAX_BYTES = 16 * 1024 * 1024  # of one answer
SECONDS = 60.0  # for one answer
PAUSES = (1.0, 5.0)  # seconds before a question is asked again
MAX_PAUSE = 60.0  # seconds that the registry may ask for
NEXT = "X-Next-Page-Start"
MAX_DEPTH = 32  # of lists and objects in each other
MAX_START = 1000  # characters of what names the next page

_PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_SAID: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the name and the secret are not accepted",
    HTTPStatus.FORBIDDEN: "this account may not read it; use an administrator's",
    HTTPStatus.TOO_MANY_REQUESTS: "it asks for fewer questions; try again later",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One answer as JSON, and what names the next page; "" behind the last.

    `size` are bytes.
    """

    value: Any
    next_start: str
    size: int


@dataclass(frozen=True, slots=True)
class Connection:
    """Questions to one registry. The secret is sent to its host and nowhere else."""

    url: str
    username: str
    secret: str = field(repr=False)

    @classmethod
    def to(
        cls, url: str, *, username: str, secret: str, insecure_http: bool = False
    ) -> Self:
        """Return a connection; raises UnusableAddress for what may not be called."""
        return cls(checked_url(url, insecure_http=insecure_http), username, secret)

    def address(self, *parts: str, **query: str) -> str:
        """Return the address of an operation; names in it are escaped.

        Raises UnusableAnswer for a name that would lead to another address.
        """
        if not {"", ".", ".."}.isdisjoint(parts):
            message = f"{self.url} names something so that it cannot be asked for."
            raise UnusableAnswer(message)
        path = "/".join(quote(part, safe="") for part in parts)
        return f"{self.url}/{path}{f'?{urlencode(query)}' if query else ''}"

    def get(self, address: str) -> Page:
        """Ask, again after a while if need be; raises what `errors` names.

        NotThere is for what this registry does not have; it may be a list of no rows.
        """
        for pause in PAUSES:
            try:
                answer = self._asked(address)
            except NoAnswer:
                time.sleep(pause)
            else:
                if answer.status not in _PASSING:
                    return _page(address, answer)
                time.sleep(_wanted_pause(answer, pause))
        return _page(address, self._asked(address))

    def _asked(self, address: str) -> Answer:
        call = Call(
            PURPOSE,
            "GET",
            address,
            headers={"Accept": "application/json", "Authorization": self._basic},
            max_bytes=MAX_BYTES,
            seconds=SECONDS,
        )
        try:
            return client().send(call)
        except OutboundRefused as error:
            message = f"{address} cannot be called: {error.detail}"
            raise UnusableAddress(message) from error
        except OutboundFailed as error:
            message = f"{address}: {error.detail}"
            raise NoAnswer(message) from error

    @property
    def _basic(self) -> str:
        pair = f"{self.username}:{self.secret}".encode()
        return f"Basic {b64encode(pair).decode()}"


def checked_url(url: str, *, insecure_http: bool) -> str:
    """Return the address in its one spelling; raises UnusableAddress."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnusableAddress("The address cannot be read.") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise UnusableAddress(
            "Give the address alone, such as https://msr.example.com; the user's name"
            " is an option, and the secret comes from a file or a prompt."
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnusableAddress("An address looks like https://msr.example.com.")
    if parts.scheme == "http" and not insecure_http:
        raise UnusableAddress(
            "The secret would be sent in clear text: use https, or --insecure-http"
            " where nobody can listen."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def _wanted_pause(answer: Answer, pause: float) -> float:
    """Return the seconds to wait that the registry asks for, within bounds."""
    wanted = answer.headers.get("Retry-After") or ""
    seconds = float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0
    return min(max(seconds, pause), MAX_PAUSE)


def _page(address: str, answer: Answer) -> Page:
    if answer.status in _ABSENT:
        message = f"{address} is not there ({answer.status})."
        raise NotThere(message)
    if answer.status != HTTPStatus.OK:
        message = f"{address} answers {answer.status}: {_said(answer.status)}."
        raise UnusableAnswer(message)
    value = _json(address, answer.body)
    return Page(value, _next(address, answer.headers), len(answer.body))


def _said(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "it has a trouble of its own; try again later"
    return _SAID.get(status, "that is not what MSR answers")


def _json(address: str, body: bytes) -> Any:
    try:
        value = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        message = f"{address} answers with something that is no JSON."
        raise UnusableAnswer(message) from None
    if _is_deep(value):
        message = f"{address} answers with something that is nested too deep."
        raise UnusableAnswer(message)
    return value


def _finite(text: str) -> float:
    """Read a number; raises ValueError for what is none that JSON can hold."""
    number = float(text)
    if not math.isfinite(number):
        message = f"{text} is no number."
        raise ValueError(message)
    return number


def _is_deep(value: Any) -> bool:
    """Tell whether values stand inside each other more often than MSR's ever do."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = [one for one in level if isinstance(one, dict | list)]
        level = [
            part
            for one in inside
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in level)


def _next(address: str, headers: Mapping[str, str]) -> str:
    start = headers.get(NEXT) or ""
    if len(start) > MAX_START:
        message = f"{address} names a next page in more than {MAX_START} characters."
        raise UnusableAnswer(message)
    return start
