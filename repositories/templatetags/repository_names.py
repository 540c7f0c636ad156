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


@register.filter
def namespace_of(full_name: str) -> str:
    """Return what stands before the first slash of an OCI name."""
    return full_name.partition("/")[0]


@register.filter
def name_in_namespace(full_name: str) -> str:
    """Return what stands behind the first slash of an OCI name."""
    return full_name.partition("/")[2]
