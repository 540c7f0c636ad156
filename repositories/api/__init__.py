"""`/api/v0/repositories`: repositories, their tags, manifests, team access; keys."""

from __future__ import annotations

from repositories.api.lookup import namespace_of, repository_of, tag_of
from repositories.api.repositories import (
    NamespaceRepositories,
    RepositoryDetail,
    RepositoryList,
)
from repositories.api.scan_reports import RegistryReports, TagReports
from repositories.api.signing_keys import (
    NamespaceSigningKey,
    NamespaceSigningKeyList,
    SigningKeyDetail,
    SigningKeyList,
)
from repositories.api.tags import ManifestList, TagDetail, TagList
from repositories.api.team_access import RepositoryTeamAccess, RepositoryTeamAccessList

__all__ = [
    "ManifestList",
    "NamespaceRepositories",
    "NamespaceSigningKey",
    "NamespaceSigningKeyList",
    "RegistryReports",
    "RepositoryDetail",
    "RepositoryList",
    "RepositoryTeamAccess",
    "RepositoryTeamAccessList",
    "SigningKeyDetail",
    "SigningKeyList",
    "TagDetail",
    "TagList",
    "TagReports",
    "namespace_of",
    "repository_of",
    "tag_of",
]
