"""The first page: what was promoted, what waits, what failed, and what blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Action, Actor
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.querysets import page_of
from promotions.models import Decision, Promotion
from promotions.models.promotion import State
from promotions.services.notices import proposals
from promotions.views.failing import latest_failing
from promotions.views.notices import with_addresses
from repositories.models import Repository
from repositories.views import asked

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from promotions.querysets import PromotionQuerySet

SHOWN = 6
DAYS = 7
FIGURES = (
    ("promoted", "good", (State.SUCCEEDED,)),
    ("waiting or running", "warn", (State.WAITING, State.PENDING, State.RUNNING)),
    ("failed", "bad", (State.FAILED,)),
    ("skipped or cancelled", "", (State.SKIPPED, State.CANCELLED)),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """How many promotions of the last days are in some states, and their list."""

    count: int
    words: str
    look: str
    url: str


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show what became of the reader's images lately, and the reader's namespaces."""
    actor = actor_of(request)
    search = asked(request, "q")
    namespaces = _namespaces(actor).filter(name__icontains=search)
    page = page_of(namespaces, asked(request, "after"), order="name")
    visible = Promotion.objects.visible_to(actor)
    figures = _figures(actor)
    found = visible.with_sight(actor).for_listing().order_by("-created_at", "-id")
    context = {
        "page": page,
        "search": search,
        "figures": figures,
        "days": DAYS,
        "proposals": with_addresses(proposals(actor, SHOWN)),
        "promoted": found.filter(state=State.SUCCEEDED)[:SHOWN],
        "stuck": _stuck(found)[:SHOWN],
        "failing": latest_failing(actor),
        "undecided": _undecided(actor),
        "is_new": _is_new(page.rows, search) and page.is_first,
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "promotions/dashboard.html", context)


def _figures(actor: Actor) -> list[Figure]:
    """Return the numbers at the top; coloured where there is any."""
    since = timezone.now() - timedelta(days=DAYS)
    counts = Promotion.objects.visible_to(actor).states_since(since)
    return [
        Figure(
            count=sum(counts.get(state, 0) for state in states),
            words=words,
            look=look,
            url=reverse(
                "promotions:promotions",
                query={
                    "state": ",".join(states),
                    "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
                },
            ),
        )
        for words, look, states in FIGURES
    ]


def _stuck(promotions: PromotionQuerySet) -> PromotionQuerySet:
    """Return what failed and was not promoted again, and what waits for somebody."""
    failed = promotions.retryable()
    return failed | promotions.filter(state=State.WAITING, repetitions__isnull=True)


def _undecided(actor: Actor) -> list[tuple[Decision, list[dict[str, Any]]]]:
    """Return the newest decisions that wait, each with what is missing."""
    rows = Decision.objects.open_for(actor).order_by("-id")[:SHOWN]
    return [
        (row, [one for one in row.outcomes if one["result"] == "unknown"])
        for row in rows
    ]


def _is_new(namespaces: list[Any], search: str) -> bool:
    """Tell whether the reader has no repository yet."""
    return not search and not any(one.repository_count for one in namespaces)


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
    administered = Namespace.objects.permitted(actor, Action.ADMIN)
    return Namespace.objects.concerning(actor, granted).annotate(
        repository_count=Coalesce(Subquery(counts), 0, output_field=IntegerField()),
        is_administered=Exists(administered.filter(pk=OuterRef("pk"))),
    )
