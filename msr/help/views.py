"""Show the help: to anybody, as who cannot sign in needs it most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from msr.help.pages import topics

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """List the topics, with the sections of each."""
    context = {"topics": topics(is_staff=request.user.is_staff)}
    return render(request, "help/index.html", context)


@require_safe
def help_topic(request: HttpRequest, topic: str) -> HttpResponse:
    """Show one topic; that of administrators is theirs alone."""
    known = topics(is_staff=request.user.is_staff)
    for place, shown in enumerate(known):
        if shown.name == topic:
            following = known[place + 1 : place + 2]
            context = {"topics": known, "page": shown, "following": following}
            return render(request, "help/topic.html", context)
    message = f"The help has no topic “{topic}”."
    raise Http404(message)
