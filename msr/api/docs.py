"""`/api/docs/`: the documentation of the API, out of its schema, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show every operation; *Try it out* acts as who is signed in."""
    return render(request, "api/docs.html")
