"""The *Activity* tab of repositories and namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.tabs import namespace_context
from promotions.models import PromotionFilter
from promotions.services.activity import Kind, Place, Wanted, stream
from repositories.tabs import repository_context
from repositories.views import asked, open_repository
from repositories.views.opening import open_namespace

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FIELDS = ("kind", "person", "since", "until")
LONGEST_NAME = 200


@login_required
@require_safe
def repository_activity(
    request: HttpRequest, namespace: str, name: str
) -> HttpResponse:
    """Show what happened in a repository to who may pull it."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    shown = repository_context(actor, repository, "activity")
    place = Place(actor, repository.namespace, repository, shown["may_admin"])
    return _page(request, place, {**shown, "namespace": None})


@login_required
@require_safe
def namespace_activity(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show what happened in all that the reader may pull of a namespace."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    shown = namespace_context(actor, found, "activity")
    place = Place(actor, found, None, shown["may_admin"])
    return _page(request, place, {**shown, "repository": None})


def _page(request: HttpRequest, place: Place, shown: dict[str, Any]) -> HttpResponse:
    sent = {name: asked(request, name) for name in FIELDS}
    try:
        wanted, errors = _wanted(sent), []
    except ValidationError as error:
        wanted, errors = Wanted(), error.messages
    context = {
        **shown,
        "page": stream(place, wanted, asked(request, "after")),
        "filter": sent,
        "is_filtered": any(sent.values()),
        "filter_errors": errors,
        "kinds": list(Kind),
        "administers": place.administers,
    }
    return render(request, "promotions/activity.html", context)


def _wanted(sent: dict[str, str]) -> Wanted:
    """Return what the filter asks for; raises ValidationError."""
    times = PromotionFilter.parse({name: sent[name] for name in ("since", "until")})
    kind = sent["kind"]
    return Wanted(
        kind=Kind(kind) if kind in set(Kind) else None,
        person=sent["person"][:LONGEST_NAME],
        since=times.since,
        until=times.until,
    )
