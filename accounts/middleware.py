"""What a session means for caches, and for a request that comes when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

from accounts.views.coming_back import page_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

READING = ("GET", "HEAD")


def private_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Keep what was made for somebody out of caches, where a view says nothing else.

    No cache that several people share may hold it, and a browser asks anew each time:
    whoever comes after a sign-out reads no page of the one before. `no-store` would
    take away what was typed, too, when somebody goes back to a form.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.session.accessed and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response

    return middleware


class LostSession:
    """Lead whoever has to sign in to a whole page, and back to the page they were on.

    Django would send a form's own address along, which often takes no GET; and htmx
    would put the sign-in page into the fragment it asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _leads_to_sign_in(request, response):
            return response
        fragment = bool(getattr(request, "htmx", False))
        if request.method in READING and not fragment:
            return response
        if request.method not in READING:
            messages.warning(
                request,
                "You were signed out before this was sent, so nothing was changed."
                " Sign in and do it again.",
            )
        address = _sign_in_address(page_before(request))
        if fragment:
            return HttpResponseClientRedirect(address)
        return HttpResponseRedirect(address)


def _leads_to_sign_in(request: HttpRequest, response: HttpResponse) -> bool:
    if not isinstance(response, HttpResponseRedirect) or request.user.is_authenticated:
        return False
    sign_in = resolve_url("accounts:login")
    return urlsplit(response.url).path == sign_in != request.path


def _sign_in_address(page: str) -> str:
    query = f"?{urlencode({'next': page})}" if page else ""
    return resolve_url("accounts:login") + query
