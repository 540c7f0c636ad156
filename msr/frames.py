"""Which frame stands around a page: the portal's, or the admin's for what is global."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

if TYPE_CHECKING:
    from django.http import HttpRequest

PORTAL = "base.html"
ADMIN = "admin/frame.html"
OF_THE_ADMIN = ("promotions:global_", "admin:global_policy_")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame to extend, and the admin's what it shows."""
    match = request.resolver_match
    if match is None or not match.view_name.startswith(OF_THE_ADMIN):
        return {"frame": PORTAL}
    return {
        "frame": ADMIN,
        "title": "Global promotion policies",
        **admin.site.each_context(request),
    }
