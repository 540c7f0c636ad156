"""`/search`: which images contain a vulnerability, a component, a license, a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from repositories.services.answers import exporting
from repositories.services.answers.hits import hits_of
from repositories.services.answers.search import Search, Subject
from repositories.views.opening import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

    from accounts.access import Actor
    from repositories.services.answers.hits import Hit

EXPORTED = 10_000  # tags; what is more is cut
EXPORT_PAGE = 200
LONGEST_TERM = 700


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the form, and a page of what was found."""
    asked_for = _search(request)
    page, hits = None, []
    if asked_for.term:
        rows = asked_for.tags(actor_of(request))
        page = page_of(rows, asked(request, "after"))
        hits = hits_of(asked_for, page.rows)
    context = {
        "search": asked_for,
        "subjects": list(Subject),
        "page": page,
        "hits": hits,
    }
    return render(request, "repositories/search.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Answer what was found as a table in CSV."""
    found = _all(actor_of(request), _search(request))
    return exporting.download("search", exporting.HITS, exporting.hits(found))


def _all(actor: Actor, asked_for: Search) -> Iterator[Hit]:
    """Yield what is in all tags, read page by page."""
    key = ""
    rows = asked_for.tags(actor)
    for _ in range(EXPORTED // EXPORT_PAGE if asked_for.term else 0):
        page = page_of(rows, key, size=EXPORT_PAGE)
        yield from hits_of(asked_for, page.rows)
        key = page.following
        if not key:
            return


def _search(request: HttpRequest) -> Search:
    subject = asked(request, "for")
    return Search(
        Subject(subject) if subject in set(Subject) else Subject.CVE,
        asked(request, "q")[:LONGEST_TERM],
        asked(request, "version")[:LONGEST_TERM],
    )
