"""What pages of tags say about how they were promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from accounts.authentication import actor_of
from promotions.models import Watch

if TYPE_CHECKING:
    from django.template.context import RequestContext

    from repositories.models import Tag

register = template.Library()


@register.inclusion_tag("promotions/_failing_mark.html", takes_context=True)
def failing_mark(context: RequestContext, tag: Tag) -> dict[str, Any]:
    """Say that a promoted tag fails its policy now; one query, none for other tags."""
    if tag.promotion_uuid is None:
        return {"watch": None}
    rows = Watch.objects.failing_for(actor_of(context["request"]))
    found = rows.filter(promotion__uuid=tag.promotion_uuid).first()
    return {"watch": found, "links": True}
