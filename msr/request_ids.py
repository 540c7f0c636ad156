"""One id for a request: in its answer, its lines of the log and those of its tasks.

A client may say its own, so that its log and ours tell of the same; what is no plain
short word is replaced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-Id"
META = "HTTP_X_REQUEST_ID"
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
OF_TASKS = ("request_id", "parent_task_id")


def request_id(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, the outermost: give the request its id, and the answer the same.

    The id stays bound behind the answer, for what Django logs of it; the thread's next
    request begins with another.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.META.get(META, "")
        chosen = sent if PLAIN.fullmatch(sent) else str(uuid4())
        request.META[META] = chosen  # django-structlog reads it there
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=chosen)
        response = get_response(request)
        structlog.contextvars.bind_contextvars(request_id=chosen)
        response[HEADER] = chosen
        return response

    return middleware


def id_of(request: Any) -> str:
    """Return the id that the middleware gave; "" where it did not run."""
    meta: Mapping[str, Any] = request.META
    return str(meta.get(META, ""))


def keep_for_tasks(context: dict[str, Any], **_more: object) -> None:
    """Send nothing else along with a task: not who asked, nor whence."""
    for name in context.keys() - set(OF_TASKS):
        del context[name]
