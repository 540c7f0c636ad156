"""What pages of tags say about how they were promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from accounts.authentication import actor_of
from promotions.models import Promotion, PromotionPolicy, Watch
from promotions.models.promotion import FINAL_STATES

if TYPE_CHECKING:
    from django.template.context import RequestContext

    from repositories.models import Tag

COPIES_SHOWN = 20

register = template.Library()


@register.inclusion_tag("promotions/_failing_mark.html", takes_context=True)
def failing_mark(context: RequestContext, tag: Tag) -> dict[str, Any]:
    """Say that a promoted tag fails its policy now; one query, none for other tags."""
    if tag.promotion_uuid is None:
        return {"watch": None}
    rows = Watch.objects.failing_for(actor_of(context["request"]))
    found = rows.filter(promotion__uuid=tag.promotion_uuid).first()
    return {"watch": found, "links": True}


@register.inclusion_tag("promotions/_before_deletion.html", takes_context=True)
def before_deletion(context: RequestContext, found: list[Tag]) -> dict[str, Any]:
    """Say what promotions have to do with tags of one repository; three queries.

    Of copies only those are told of which the reader may see both sides.
    """
    repository, names = found[0].repository, [tag.name for tag in found]
    made = Promotion.objects.filter(source_repository=repository, source_tag__in=names)
    seen = made.arriving_for(actor_of(context["request"]))
    policies = PromotionPolicy.objects.of_source(repository).filter(enabled=True)
    return {
        "tags": found,
        "policies": policies.count(),
        "open": made.exclude(state__in=FINAL_STATES).count(),
        "copies": seen.standing().for_listing().order_by("-id")[:COPIES_SHOWN],
    }
