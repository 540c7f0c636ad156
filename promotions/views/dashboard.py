"""The first page: my namespaces, what was promoted last, and what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Action, Actor
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.querysets import page_of
from promotions.models import Promotion
from repositories.models import Repository
from repositories.views import asked

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SHOWN = 6


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the namespaces the reader owns, belongs to, or was granted something in."""
    actor = actor_of(request)
    search = asked(request, "q")
    namespaces = _namespaces(actor).filter(name__icontains=search)
    page = page_of(namespaces, asked(request, "after"), order="name")
    administered = Namespace.objects.permitted(actor, Action.ADMIN)
    keys = [namespace.pk for namespace in page.rows]
    promotions = (
        Promotion.objects.visible_to(actor)
        .with_sight(actor)
        .for_listing()
        .order_by("-created_at", "-id")
    )
    context = {
        "page": page,
        "search": search,
        "administered": set(
            administered.filter(pk__in=keys).values_list("pk", flat=True)
        ),
        "promoted": promotions.filter(state=Promotion.State.SUCCEEDED)[:SHOWN],
        "failed": promotions.filter(state=Promotion.State.FAILED)[:SHOWN],
    }
    return render(request, "promotions/dashboard.html", context)


def _namespaces(actor: Actor) -> QuerySet[Namespace]:
    """Return the reader's namespaces, each with the count of repositories to see."""
    granted = Repository.objects.granted_to(actor).values("namespace")
    visible = Repository.objects.permitted(actor, Action.PULL)
    counts = (
        visible.filter(namespace=OuterRef("pk"))
        .order_by()
        .values("namespace")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Namespace.objects.concerning(actor, granted).annotate(
        repository_count=Coalesce(Subquery(counts), 0, output_field=IntegerField())
    )
