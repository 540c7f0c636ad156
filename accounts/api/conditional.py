"""Answers that are not sent again to who has them (RFC 9110, sections 8.8 and 13)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.http import HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.status import HTTP_200_OK

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from rest_framework.request import Request

READING = ("GET", "HEAD")
PRIVATE = "private, no-cache"
OF_BODIES = ("Content-Type", "Content-Length")


class PreconditionFailed(APIException):
    """What is to be changed is not what the client has seen (412)."""

    status_code = 412
    default_code = "precondition_failed"
    default_detail = "It was changed since you read it; read it again, and try again."


def keep_private(response: HttpResponse) -> None:
    """Let no shared cache have an answer, and no cache show it unasked."""
    response.headers.setdefault("Cache-Control", PRIVATE)
    patch_vary_headers(response, ("Authorization", "Cookie"))


def tagged(
    request: HttpRequest | Request, response: HttpResponse, state: str = ""
) -> HttpResponse | None:
    """Set the ETag of a rendered answer; return what to send in its place, if known.

    The tag is of the body and the headers that lead through a list. It is weak, unless
    there is a `state` of the object: then it begins with that, for `require_unchanged`.
    """
    if request.method not in READING or response.status_code != HTTP_200_OK:
        return None
    digest = _digest(response)
    etag = f'"{state}.{digest}"' if state else f'W/"{digest}"'
    response["ETag"] = etag
    if not _matches(etag, request.headers.get("If-None-Match", "")):
        return None
    kept = {name: value for name, value in response.items() if name not in OF_BODIES}
    return HttpResponseNotModified(headers=kept)


def require_unchanged(request: Request, state: str) -> None:
    """Raise PreconditionFailed where `If-Match` names other states than this one.

    What only passes by, such as when a policy promoted last, is no other state.
    """
    wanted = request.headers.get("If-Match", "")
    tags = parse_etags(wanted)
    states = {tag.strip('"').partition(".")[0] for tag in tags if tag[0] == '"'}
    if wanted and tags != ["*"] and state not in states:
        raise PreconditionFailed


def _digest(response: HttpResponse) -> str:
    """Return a hash of what makes the answer: body, and the way to other pages."""
    leading = [
        response.get(name, "") for name in ("X-Next-Page-Start", "X-Resource-Count")
    ]
    whole = "\n".join(leading).encode() + b"\n" + response.content
    return hashlib.sha256(whole).hexdigest()[:32]


def _matches(etag: str, sent: str) -> bool:
    """Compare weakly, as for `If-None-Match`."""
    tags = parse_etags(sent)
    return tags == ["*"] or etag.removeprefix("W/") in {
        tag.removeprefix("W/") for tag in tags
    }
