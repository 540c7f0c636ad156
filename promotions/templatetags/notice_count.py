"""How many notices wait for the reader: the bar of every page says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from accounts.authentication import actor_of
from accounts.models import User
from promotions.services.notices import count_for

if TYPE_CHECKING:
    from django.template.context import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def notice_count(context: Context) -> int:
    """Return the number; one query, in which the reader's namespace comes along."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or not isinstance(user, User):
        return 0
    count, namespace = count_for(actor_of(request))
    if namespace is not None:
        user.namespace = namespace  # the bar shows its name: no query of its own
    return count
