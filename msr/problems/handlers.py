"""Django's handlers of errors, and the page in the place of an empty 405."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.permissions import MissingRight, RateLimited
from accounts.services.access_list import admins_of
from msr.problems.kinds import (
    AWAY,
    BROKEN,
    FORBIDDEN,
    MISSING,
    NOT_OFFERED,
    OUTAGE_SECONDS,
    TOO_OFTEN,
    kind_of_bad,
    kind_of_crash,
)
from msr.request_ids import id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from msr.problems.kinds import Kind

OF_PROGRAMS = ("/api/v0/", "/api/schema/", "/auth/token", "/enzi/", "/registry/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where it was too much."""
    kind, sentence = kind_of_bad(exception)
    return _told(request, kind, sentence)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the reason and who can help; 429 where it was too often."""
    sentence = str(exception)
    if isinstance(exception, RateLimited):
        return _too_often(request, sentence, exception.retry_after)
    admins = _admins(request, exception)
    return _told(request, FORBIDDEN, sentence or FORBIDDEN.sentence, admins=admins)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; the page does not say whether there is something."""
    del exception
    return _told(request, MISSING, MISSING.sentence)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database or the broker is away.

    Its page needs neither of them: no session, no user, no context processors.
    """
    kind = kind_of_crash()
    sentence = kind.sentence
    if kind is BROKEN and (found := id_of(request)):
        sentence += f" The log has it as request {found}."
    response = _plainly(request, kind, sentence)
    if response is None:
        theme = request.COOKIES.get("theme", "")
        context = {"problem": kind, "sentence": sentence, "theme": theme}
        html = render_to_string("errors/alone.html", context)
        response = HttpResponse(html, status=kind.status)
    if kind is AWAY:
        response["Retry-After"] = str(OUTAGE_SECONDS)
    return response


def not_allowed_page(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: say something where a view refuses a method without a word."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        told = _told(request, NOT_OFFERED, NOT_OFFERED.sentence)
        told["Allow"] = response["Allow"]
        return told

    return middleware


def _too_often(request: HttpRequest, sentence: str, seconds: int) -> HttpResponse:
    retry_at = timezone.now() + timedelta(seconds=seconds)
    response = _told(request, TOO_OFTEN, sentence, retry_at=retry_at)
    response["Retry-After"] = str(seconds)
    return response


def _told(request: HttpRequest, kind: Kind, sentence: str, **more: Any) -> HttpResponse:
    """Answer with the page, or as who asked can read it."""
    context = {"problem": kind, "sentence": sentence, "admins": [], "retry_at": None}
    return _plainly(request, kind, sentence) or render(
        request, "errors/page.html", context | more, status=kind.status
    )


def _plainly(request: HttpRequest, kind: Kind, sentence: str) -> HttpResponse | None:
    """Answer programs in MSR's body, and htmx with the sentence; None for people."""
    if request.path.startswith(OF_PROGRAMS):
        entry = {"code": kind.code, "message": sentence, "detail": None}
        return JsonResponse({"errors": [entry]}, status=kind.status)
    if request.headers.get("HX-Request") == "true":
        text = "text/plain; charset=utf-8"
        return HttpResponse(sentence, status=kind.status, content_type=text)
    return None


def _admins(request: HttpRequest, exception: Exception) -> list[str]:
    """Name who can grant what is missing, to who is signed in and sees the object."""
    if isinstance(exception, MissingRight) and request.user.is_authenticated:
        return admins_of(exception.subject)
    return []
