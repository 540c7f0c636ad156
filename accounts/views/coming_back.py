"""Where somebody came from, to lead them back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest


def page_before(request: HttpRequest) -> str:
    """Return the path of the portal's page that the request came from, or ""."""
    header = "HX-Current-URL" if getattr(request, "htmx", False) else "Referer"
    url = request.headers.get(header, "")
    if not url_has_allowed_host_and_scheme(url, {request.get_host()}):
        return ""
    parts = urlsplit(url)
    page = urlunsplit(("", "", parts.path, parts.query, ""))
    # A path that begins with two slashes would lead to another host.
    return page if url_has_allowed_host_and_scheme(page, None) else ""
