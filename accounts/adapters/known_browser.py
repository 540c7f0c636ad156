"""Browsers that somebody was let in from before.

Whoever tries passwords for a name from elsewhere must not lock its owner out: a browser
that the owner signed in with has attempts of its own, apart from those of everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import signing
from django.utils.crypto import get_random_string

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COOKIE = "known_browser"
SALT = "accounts.known_browser"
LIFETIME = 365 * 86_400
NAMES = 5  # people who share a browser


def key_of(request: HttpRequest, username: str) -> str:
    """Return under what wrong passwords for a name count, for this browser."""
    browser, names = _read(request)
    return f"{username} from {browser}" if username in names else username


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Note in the browser that this person was let in."""
    browser, names = _read(request)
    kept = [username, *(name for name in names if name != username)][:NAMES]
    value = [browser or get_random_string(22), kept]
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=SALT),
        max_age=LIFETIME,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    text = request.COOKIES.get(COOKIE, "")
    try:
        browser, names = signing.loads(text, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return "", []
    return browser, names
