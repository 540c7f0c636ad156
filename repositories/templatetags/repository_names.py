"""Addresses of repositories that are known by their full name only."""

from __future__ import annotations

from django import template
from django.urls import reverse

register = template.Library()


@register.filter
def repository_url(full_name: str) -> str:
    """Return the page of the repository with that OCI name."""
    namespace, _, name = full_name.partition("/")
    return reverse("repositories:repository", args=(namespace, name))


@register.filter
def tag_url(full_name: str, tag: str) -> str:
    """Return the page of a tag of the repository with that OCI name."""
    namespace, _, name = full_name.partition("/")
    return reverse("repositories:tag", args=(namespace, name, tag))
