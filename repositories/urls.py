"""Addresses of namespaces, repositories and tags.

A repository's name may contain slashes. No component of it is a word that stands
behind a repository in an address, so every address can be read in one way only.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter
from typing_extensions import override

from accounts.urls import NamespaceConverter
from repositories.services.answers import exporting
from repositories.validators import validate_repository_name
from repositories.views import (
    exceptions,
    finding,
    listing,
    namespaces,
    overview,
    permissions,
    repositories,
    scans,
    search,
    tag_list,
    tag_pages,
    webhooks,
)


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


register_converter(RepositoryConverter, "portal_repository")

register_converter(TagConverter, "portal_tag")

NAMESPACE = "r/<portal_namespace:namespace>"
REPOSITORY = f"{NAMESPACE}/<portal_repository:name>"

TAG = f"{REPOSITORY}/tags/<portal_tag:tag>"
HIDDEN = "scans/hidden"  # below words that no repository can be named


def _webhooks(below: str, prefix: str = "") -> list[URLPattern]:
    """Return the pages about webhooks of one place."""
    one = f"{below}webhooks/<uuid:uuid>"
    delivery = f"{one}/deliveries/<uuid:delivery>"
    pages = (
        (f"{below}webhooks", webhooks.webhook_list, "webhooks"),
        (f"{below}webhooks/new", webhooks.new_webhook, "webhooks_new"),
        (one, webhooks.webhook_detail, "webhooks_one"),
        (f"{one}/secret", webhooks.rotate_secret, "webhooks_secret"),
        (f"{one}/change", webhooks.change_webhook, "webhooks_change"),
        (delivery, webhooks.delivery_detail, "webhooks_delivery"),
        (f"{delivery}/resend", webhooks.resend, "webhooks_resend"),
    )
    return [path(route, view, name=prefix + name) for route, view, name in pages]


app_name = "repositories"
urlpatterns = [
    *_webhooks("", "global_"),
    *_webhooks(f"{NAMESPACE}/", "namespace_"),
    *_webhooks(f"{REPOSITORY}/"),
    path("find", finding.everything, name="find"),
    path("search", search.search, name="search"),
    path("search.csv", search.export, name="search_export"),
    path("repositories", listing.repository_list, name="list"),
    path(f"{NAMESPACE}/", namespaces.namespace_detail, name="namespace"),
    path(f"{NAMESPACE}/new", repositories.create_repository, name="new"),
    path(f"{NAMESPACE}/{HIDDEN}", exceptions.namespace_hidden, name="namespace_hidden"),
    path(
        f"{NAMESPACE}/{HIDDEN}/<uuid:uuid>/end",
        exceptions.unhide_in_namespace,
        name="namespace_unhide",
    ),
    path(
        f"{NAMESPACE}/permissions",
        permissions.namespace_permissions,
        name="namespace_permissions",
    ),
    path(
        f"{NAMESPACE}/permissions/teams/<portal_namespace:team>",
        permissions.team_access,
        name="team_access",
    ),
    path(
        f"{NAMESPACE}/settings",
        namespaces.namespace_settings,
        name="namespace_settings",
    ),
    path(f"{REPOSITORY}/tags", tag_list.tag_list, name="tags"),
    path(f"{REPOSITORY}/tags/-/delete", tag_list.delete_tags, name="delete_tags"),
    path(TAG, tag_pages.overview, name="tag"),
    path(f"{TAG}/licenses", scans.licenses, name="licenses"),
    path(f"{TAG}/attachments", tag_pages.attachments, name="attachments"),
    path(f"{TAG}/manifest", tag_pages.manifest, name="manifest"),
    path(f"{TAG}/manifest.json", tag_pages.download_manifest, name="raw_manifest"),
    path(f"{TAG}/vulnerabilities", scans.vulnerabilities, name="vulnerabilities"),
    path(f"{TAG}/vulnerability", scans.vulnerability, name="vulnerability"),
    path(f"{TAG}/components", scans.components, name="components"),
    path(f"{TAG}/layers", scans.layers, name="layers"),
    path(f"{TAG}/scans", scans.scans, name="scans"),
    path(f"{TAG}/scan", scans.start_scan, name="scan"),
    path(f"{TAG}/hide", exceptions.hide, name="hide"),
    *(
        path(
            f"{TAG}/{table}.csv", scans.export, {"table": table}, name=f"export_{table}"
        )
        for table in exporting.TABLES
    ),
    path(f"{REPOSITORY}/scans/trend", overview.trend, name="trend"),
    path(f"{REPOSITORY}/{HIDDEN}", exceptions.repository_hidden, name="hidden"),
    path(
        f"{REPOSITORY}/{HIDDEN}/<uuid:uuid>/end",
        exceptions.unhide_in_repository,
        name="unhide",
    ),
    path(
        f"{REPOSITORY}/permissions",
        permissions.repository_permissions,
        name="permissions",
    ),
    path(f"{REPOSITORY}/settings", repositories.repository_settings, name="settings"),
    path(
        f"{REPOSITORY}/settings/delete", repositories.delete_repository, name="delete"
    ),
    path(REPOSITORY, overview.info, name="repository"),
]
