"""Counts and scores as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django import template

if TYPE_CHECKING:
    from repositories.scanning.severity import Counts
    from repositories.services.answers.summary import Summary

register = template.Library()


@register.filter
def counted(counts: Counts) -> list[tuple[str, int]]:
    """Return the buckets that are not empty, by the name of their badge."""
    rest = counts.all - counts.critical - counts.major - counts.minor
    found = (
        ("critical", counts.critical),
        ("major", counts.major),
        ("minor", counts.minor),
        ("other", rest),
    )
    return [(name, count) for name, count in found if count]


@register.filter
def scored(score: float | None) -> str:
    """Return a CVSS score with its one digit; "" where there is none."""
    return "" if score is None else f"{score:.1f}"


@register.filter
def of(summaries: dict[int, Summary], key: int) -> Summary:
    """Return what a list says of the manifest with that key."""
    return summaries[key]


@register.filter
def listed(found: dict[int, list[str]], key: int) -> list[str]:
    """Return what belongs to a key."""
    return found[key]


@register.simple_tag
def asking(**values: object) -> str:
    """Return the part of an address that asks for these values; empty ones are none."""
    return "?" + urlencode({name: value for name, value in values.items() if value})
