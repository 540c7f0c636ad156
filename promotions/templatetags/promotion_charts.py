"""Charts of promotions, for pages of repositories and namespaces and the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from accounts.authentication import actor_of
from promotions.models import Promotion
from promotions.services import charts

if TYPE_CHECKING:
    from django.template.context import RequestContext

    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.querysets import PromotionQuerySet
    from repositories.models import Repository

register = template.Library()


@register.inclusion_tag("promotions/_charts.html", takes_context=True)
def promotion_charts(
    context: RequestContext,
    *,
    repository: Repository | None = None,
    namespace: Namespace | None = None,
    as_source: bool = True,
) -> dict[str, Any]:
    """Show promotions per day, and their durations; two queries.

    Of a repository that the reader may pull, of what of a namespace they may, or,
    without either, of all that they may see.
    """
    actor = actor_of(context["request"])
    rows = _promotions(actor, repository, namespace, as_source=as_source)
    states = charts.per_day(rows)
    return {"charts": [states, charts.push_to_promotion(rows, states.total)]}


def _promotions(
    actor: Actor,
    repository: Repository | None,
    namespace: Namespace | None,
    *,
    as_source: bool,
) -> PromotionQuerySet:
    if repository is not None:
        return Promotion.objects.of(repository, as_source=as_source)
    if namespace is not None:
        return Promotion.objects.of_namespace(namespace, actor, as_source=as_source)
    if actor.is_administrator:
        return Promotion.objects.all()
    return Promotion.objects.visible_to(actor)
