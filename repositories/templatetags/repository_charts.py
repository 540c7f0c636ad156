"""Charts of what repositories hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from repositories.services import charts

if TYPE_CHECKING:
    from repositories.models import Repository

register = template.Library()


@register.inclusion_tag("components/chart.html")
def severity_trend(repository: Repository) -> dict[str, Any]:
    """Show how many vulnerabilities its tags held per day, to who may pull it."""
    return {"chart": charts.severity_trend(repository)}
