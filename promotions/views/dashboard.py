"""The first page: my namespaces, what was promoted last, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
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
from promotions.models import Promotion, PromotionPolicy
from promotions.services.policies import Ends, Shown, shown
from promotions.views.failing import latest_failing
from promotions.views.places import Place
from repositories.models import Repository
from repositories.tabs import expiring
from repositories.views import asked

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that waits for the consent of the reader."""

    version: PolicyVersion
    ends: Shown
    url: str


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
        "proposals": _proposals(actor),
        "expiring": expiring(actor),
        "promoted": promotions.filter(state=Promotion.State.SUCCEEDED)[:SHOWN],
        "failing": latest_failing(actor),
        "failed": promotions.filter(state=Promotion.State.FAILED)[:SHOWN],
    }
    return render(request, "promotions/dashboard.html", context)


def _proposals(actor: Actor) -> list[Proposal]:
    """Return what waits for the reader's consent, each where it can be answered."""
    policies = PromotionPolicy.objects.waiting_for(actor).order_by("-id")[:SHOWN]
    found = [(row, row.proposed_version) for row in policies if row.proposed_version]
    ends = shown(actor, [version for _, version in found])
    return [
        Proposal(version, ends[version.pk], _place_of(actor, version, policy))
        for policy, version in found
    ]


def _place_of(actor: Actor, version: PolicyVersion, policy: PromotionPolicy) -> str:
    """Return the address of the policy at its target."""
    target = Ends.of(version).target
    at_repository = target if isinstance(target, Repository) else None
    at_namespace = target if isinstance(target, Namespace) else None
    place = Place(actor, repository=at_repository, namespace=at_namespace)
    return place.url("policy", policy.uuid)


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
