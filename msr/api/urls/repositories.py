"""Repositories: their settings, tags, manifests, and who may do what to them."""

from __future__ import annotations

from django.urls import path

from accounts.api import NamespaceTeamAccess, NamespaceTeamAccessList
from msr.api.urls.addresses import of_namespace, of_repository
from repositories import api as repositories

EXCEPTION = "vulnerabilityExceptions/<api_name:exception_id>"

urlpatterns = [
    path("repositories/scan/toggle", repositories.Toggle.as_view()),
    path("repositories", repositories.RepositoryList.as_view()),
    path(
        "repositories/<api_name:namespace>",
        repositories.NamespaceRepositories.as_view(),
    ),
    of_repository("/tags", repositories.TagList),
    of_repository("/tags/<api_name:reference>", repositories.TagDetail),
    of_repository("/tags/<api_name:tag>/scans", repositories.TagReports),
    of_repository("/manifests", repositories.ManifestList),
    of_repository("/manifests/<api_name:reference>", repositories.ManifestDetail),
    of_repository("/teamAccess", repositories.RepositoryTeamAccessList),
    of_repository("/teamAccess/<api_name:team>", repositories.RepositoryTeamAccess),
    of_repository("/vulnerabilityExceptions", repositories.ExceptionList),
    of_repository(f"/{EXCEPTION}", repositories.ExceptionDetail),
    of_repository("", repositories.RepositoryDetail),
    of_namespace("/teamAccess", NamespaceTeamAccessList),
    of_namespace("/teamAccess/<api_name:team>", NamespaceTeamAccess),
    of_namespace("/signingKeys", repositories.NamespaceSigningKeyList),
    of_namespace("/signingKeys/<api_name:name>", repositories.NamespaceSigningKey),
    of_namespace("/vulnerabilityExceptions", repositories.NamespaceExceptionList),
    of_namespace(f"/{EXCEPTION}", repositories.NamespaceExceptionDetail),
    path("signingKeys", repositories.SigningKeyList.as_view()),
    path("signingKeys/<api_name:name>", repositories.SigningKeyDetail.as_view()),
]
