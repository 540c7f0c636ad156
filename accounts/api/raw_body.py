"""Bodies that are no JSON of ours, and may be long: read as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from rest_framework.request import Request


def raw_body(request: Request) -> BinaryIO:
    """Return the body as a stream, whatever its media type; nothing has read it yet.

    Django reads as much as Content-Length says: of a chunked body, nothing. That one
    is read from the server itself.
    """
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return cast("BinaryIO", request.META["wsgi.input"])
    return cast("BinaryIO", request)
