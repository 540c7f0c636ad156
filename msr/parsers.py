"""Reading bodies: JSON, up to a stated size."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping


class TooLarge(APIException):
    """The body has more bytes than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    status_code = 413
    default_code = "TOO_LARGE"
    default_detail = "The body is larger than the API reads."


class LimitedJSONParser(JSONParser):
    """Django's limit of a body's size, which DRF's own parser goes around."""

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        parsed: dict[str, Any] = super().parse(
            io.BytesIO(body), media_type, parser_context
        )
        return parsed
