"""A form that is sent twice does its work once."""

from __future__ import annotations

import hashlib
from functools import wraps
from typing import TYPE_CHECKING, Any

import structlog
from django.contrib import messages
from django.core.cache import cache
from django.shortcuts import redirect
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

log = structlog.get_logger()

REMEMBERED_SECONDS = 3600
UNDER_WAY = ""
SAID = "The form was sent twice, and counts once."


def once(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer the second of two equal POSTs of one page as the first was answered.

    Django's token is masked anew for each page that shows a form, so equal data with an
    equal token is the same form again: a double click, a reload, the way back. What led
    nowhere else (errors, a form shown again) may be sent again. It is comfort beside
    the constraints of the database: without the cache, forms work as ever.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase:
        key = _key(request)
        if not key or _claim(key):
            return _kept(key, lambda: view(request, *args, **names))
        messages.info(request, SAID)
        return redirect(cache.get(key) or request.path)

    return wrapper


def _key(request: HttpRequest) -> str:
    """Return what the form is known by; "" where it is not to be counted."""
    is_whole = request.method == "POST" and "HX-Request" not in request.headers
    if not is_whole or not request.POST.get("csrfmiddlewaretoken"):
        return ""
    sent = sorted(request.POST.lists())
    said = repr((request.user.pk, request.path, sent)).encode(errors="replace")
    return f"once:{hashlib.sha256(said).hexdigest()}"


def _claim(key: str) -> bool:
    """Tell whether this is the first; so it is when the cache does not answer."""
    try:
        return bool(cache.add(key, UNDER_WAY, REMEMBERED_SECONDS))
    except RedisError:
        log.warning("form_not_counted", exc_info=True)
        return True


def _kept(key: str, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer, and keep where that led; forget the form where it led nowhere."""
    led_to = None
    try:
        response = answer()
        led_to = response.headers.get("Location")
    finally:
        if key:
            _remember(key, led_to)
    return response


def _remember(key: str, led_to: str | None) -> None:
    try:
        if led_to is None:
            cache.delete(key)
        else:
            cache.set(key, led_to, REMEMBERED_SECONDS)
    except RedisError:
        log.warning("form_not_remembered", exc_info=True)
