"""Addresses of namespaces, repositories and tags.

A repository's name may contain slashes. No component of it is a word that stands
behind a repository in an address, so every address can be read in one way only.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import path, register_converter
from django.urls.converters import StringConverter
from typing_extensions import override

from accounts.validators import validate_name
from repositories import views
from repositories.validators import validate_repository_name


class NamespaceConverter:
    """One path component that can be the name of a namespace."""

    regex = r"[a-z0-9][a-z0-9._-]*"

    def to_python(self, value: str) -> str:
        """Return the name; ValueError means that another address is meant."""
        try:
            validate_name(value)
        except ValidationError as error:
            raise ValueError(value) from error
        return value

    def to_url(self, value: str) -> str:
        return value


class TagConverter(StringConverter):
    """A tag; what cannot be one is no address, whatever the database makes of it."""

    regex = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"


class RepositoryConverter(NamespaceConverter):
    """The name of a repository inside its namespace, slashes included."""

    regex = r"[a-z0-9][a-z0-9._/-]*"

    @override
    def to_python(self, value: str) -> str:
        """Return the name; ValueError means that another address is meant."""
        try:
            validate_repository_name(value)
        except ValidationError as error:
            raise ValueError(value) from error
        return value


register_converter(NamespaceConverter, "portal_namespace")
register_converter(RepositoryConverter, "portal_repository")

register_converter(TagConverter, "portal_tag")

NAMESPACE = "r/<portal_namespace:namespace>"
REPOSITORY = f"{NAMESPACE}/<portal_repository:name>"

app_name = "repositories"
urlpatterns = [
    path(f"{NAMESPACE}/", views.namespace_detail, name="namespace"),
    path(f"{NAMESPACE}/new", views.create_repository, name="new"),
    path(f"{REPOSITORY}/tags", views.tag_list, name="tags"),
    path(f"{REPOSITORY}/tags/<portal_tag:tag>", views.tag_detail, name="tag"),
    path(f"{REPOSITORY}/settings", views.repository_settings, name="settings"),
    path(f"{REPOSITORY}/settings/delete", views.delete_repository, name="delete"),
    path(REPOSITORY, views.repository_root, name="repository"),
]
