"""Bodies that are no JSON of ours, and may be long: handed on as they come."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from rest_framework.parsers import BaseParser
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping


class RawBody(BaseParser):
    """Gives the operation the body as a stream, whatever its media type.

    Django reads as much as Content-Length says: of a chunked body, nothing. That one
    is read from the server itself.
    """

    media_type = "*/*"

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {})["request"]
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            return request.META["wsgi.input"]
        return stream
