"""`/find`: the box in the bar leads to a thing, or to lists of what is like it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from repositories.services.answers.search import Subject
from repositories.services.finding import (
    Kind,
    Term,
    find,
    the_repository,
    the_tag,
)
from repositories.services.finding.pages import COUNTED
from repositories.views.opening import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor


@login_required
@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """Lead to what was pasted, or show what is found of each kind, or all of one."""
    actor = actor_of(request)
    term = Term.read(asked(request, "q"), settings.REGISTRY_PUBLIC_HOST)
    kind = asked(request, "kind")
    if kind not in set(Kind):
        if address := _address(actor, term):
            return redirect(address)
        found = [find(actor, one, term, size=COUNTED) for one in Kind]
        context = {"term": term.text, "found": [one for one in found if one.rows]}
        return render(request, "repositories/find.html", context)
    page = find(actor, Kind(kind), term, asked(request, "after"))
    return render(
        request, "repositories/find_all.html", {"term": term.text, "page": page}
    )


def _address(actor: Actor, term: Term) -> str:
    """Return where the thing itself is; "" where nothing or more than one is meant."""
    if term.vulnerability:
        return _inside(Subject.CVE, term.vulnerability)
    if term.purl:
        return _inside(Subject.COMPONENT, term.purl)
    if tag := the_tag(actor, term):
        names = (tag.repository.namespace.name, tag.repository.name, tag.name)
        return reverse("repositories:tag", args=names)
    if repository := the_repository(actor, term):
        repository_names = (repository.namespace.name, repository.name)
        return reverse("repositories:repository", args=repository_names)
    return ""


def _inside(subject: Subject, term: str) -> str:
    query = urlencode({"for": subject, "q": term})
    return f"{reverse('repositories:search')}?{query}"
