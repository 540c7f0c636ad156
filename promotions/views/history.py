"""What was promoted from a place, or into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.querysets import page_of
from promotions.models import Promotion

if TYPE_CHECKING:
    from accounts.querysets import Page
    from promotions.views.places import Place


def history_of(place: Place, *, as_source: bool, after: str) -> Page[Promotion] | None:
    """Return a page of promotions; None where the place is no repository."""
    if place.repository is None:
        return None
    rows = Promotion.objects.of(place.repository, as_source=as_source)
    return page_of(rows.with_sight(place.actor).for_listing(), after)
