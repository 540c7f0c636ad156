"""What was promoted and fails its policy now, as far as the reader may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from promotions.models import Watch
from repositories.views import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from promotions.models import Promotion

SHOWN = 6  # on the first page
NAMESPACES_SHOWN = 200


@login_required
@require_safe
def failing(request: HttpRequest) -> HttpResponse:
    """List promoted tags that fail their policy now, the latest to fail first."""
    actor = actor_of(request)
    namespace = asked(request, "namespace")
    rows = Watch.objects.failing_for(actor).in_namespace(namespace)
    context = {
        "page": page_of(rows, asked(request, "after"), order="-failing_since"),
        "namespace": namespace,
        "namespaces": _namespaces(actor, namespace),
    }
    return render(request, "promotions/failing.html", context)


def latest_failing(actor: Actor) -> list[Watch]:
    """Return what the first page shows."""
    rows = Watch.objects.failing_for(actor).order_by("-failing_since", "-id")
    return list(rows[:SHOWN])


def watch_of(actor: Actor, promotion: Promotion) -> Watch | None:
    """Return how a promotion fails now; None where it does not, or is not to be told.

    What became of it in the target is for those who may look there.
    """
    return Watch.objects.failing_for(actor).filter(promotion=promotion).first()


def _namespaces(actor: Actor, chosen: str) -> list[str]:
    """Return the namespaces to choose from, the chosen one among them."""
    rows: Any = Watch.objects.failing().visible_to(actor).order_by()
    names = rows.values_list("promotion__target_repository__namespace__name", flat=True)
    found = set(names.distinct()[:NAMESPACES_SHOWN])
    return sorted(found | {chosen} - {""})
