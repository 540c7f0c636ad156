"""Lists of repositories: of a namespace, and of everything one may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.querysets import Page, page_of
from repositories.models import Repository
from repositories.views.opening import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from repositories.querysets import RepositoryQuerySet

SORTS = {"name": "path", "pushed": "-pushed_order"}
MAX_SUGGESTIONS = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list was asked for, by its address; what cannot be read is the default."""

    search: str
    visibility: str
    sort: str
    after: str

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.visibility)

    def page(self, rows: RepositoryQuerySet) -> Page[Repository]:
        """Return the page of these rows that was asked for."""
        rows = rows.for_listing(self.search)
        if self.visibility:
            rows = rows.filter(visibility=self.visibility)
        return page_of(rows, self.after, order=SORTS[self.sort])


def listing_of(request: HttpRequest) -> Listing:
    """Read what an address asks for."""
    sort, visibility = asked(request, "sort"), asked(request, "visibility")
    return Listing(
        search=asked(request, "q"),
        visibility=visibility if visibility in Repository.Visibility.values else "",
        sort=sort if sort in SORTS else "name",
        after=asked(request, "after"),
    )


@login_required
@require_safe
def repository_list(request: HttpRequest) -> HttpResponse:
    """Show all repositories that the reader may pull."""
    actor, listing = actor_of(request), listing_of(request)
    namespace, mine = asked(request, "namespace"), bool(asked(request, "mine"))
    rows = Repository.objects.permitted(actor, Action.PULL)
    if namespace:
        rows = rows.filter(namespace__name=namespace)
    if mine:
        rows = rows.belonging_to(actor)
    context = {
        "page": listing.page(rows),
        "listing": listing,
        "namespace_name": namespace,
        "namespaces": _namespaces(actor),
        "mine": mine,
        "is_filtered": listing.is_filtered or bool(namespace) or mine,
    }
    return render(request, "repositories/repository_list.html", context)


def _namespaces(actor: Actor) -> list[str]:
    """Return names of namespaces in which the reader may see something."""
    visible = Repository.objects.permitted(actor, Action.PULL).values("namespace")
    rows = Namespace.objects.filter(pk__in=visible).order_by("name")
    return list(rows.values_list("name", flat=True)[:MAX_SUGGESTIONS])
