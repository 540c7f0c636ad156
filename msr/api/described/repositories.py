"""Repositories, tags, rights, reports, hidden vulnerabilities and signing keys."""

from __future__ import annotations

from accounts.api import AccessForm, NamespaceTeamAccess, NamespaceTeamAccessList
from msr.api.described.kinds import GONE, Described, Rows, listed, made
from msr.api.shapes import repositories as kept
from msr.api.shapes import scans as found
from repositories import api as repositories
from repositories.api.exceptions import (
    ExceptionForm,
    ExceptionQuery,
    RepositoryExceptionForm,
)
from repositories.api.repositories import NewRepositoryForm, RepositoryForm
from repositories.api.scan_reports import RegistryReportQuery, ReportQuery
from repositories.api.signing_keys import SigningKeyForm
from repositories.api.tags import TagListQuery, TagQuery

DESCRIBED: Rows = {
    NamespaceTeamAccessList: {"get": listed(kept.NamespaceTeams)},
    NamespaceTeamAccess: {
        "get": Described(kept.NamespaceTeamAccess),
        "put": Described(kept.NamespaceTeamAccess, body=AccessForm),
        "delete": GONE,
    },
    repositories.RepositoryList: {"get": listed(kept.Repositories)},
    repositories.NamespaceRepositories: {
        "get": listed(kept.Repositories),
        "post": made(kept.Repository, NewRepositoryForm),
    },
    repositories.RepositoryDetail: {
        "get": Described(kept.Repository),
        "patch": Described(kept.Repository, body=RepositoryForm),
        "delete": GONE,
    },
    repositories.RepositoryTeamAccessList: {"get": listed(kept.RepositoryTeams)},
    repositories.RepositoryTeamAccess: {
        "put": Described(kept.RepositoryTeams, body=AccessForm),
        "delete": GONE,
    },
    repositories.TagList: {"get": listed([kept.ListedTag], TagListQuery)},
    repositories.TagDetail: {
        "get": Described([kept.Tag], query=TagQuery),
        "delete": GONE,
    },
    repositories.ManifestList: {"get": listed([kept.Manifest])},
    repositories.ManifestDetail: {"delete": GONE},
    repositories.TagReports: {
        "post": made(found.Report, None, query=ReportQuery, takes_report=True)
    },
    repositories.RegistryReports: {
        "post": made(found.Report, None, query=RegistryReportQuery, takes_report=True)
    },
    repositories.ExceptionList: {
        "get": listed(found.HiddenList, ExceptionQuery),
        "post": made(found.Hidden, RepositoryExceptionForm),
    },
    repositories.ExceptionDetail: {"delete": GONE},
    repositories.NamespaceExceptionList: {
        "get": listed(found.HiddenList, ExceptionQuery),
        "post": made(found.Hidden, ExceptionForm),
    },
    repositories.NamespaceExceptionDetail: {"delete": GONE},
    repositories.SigningKeyList: {
        "get": listed(kept.SigningKeys),
        "post": made(kept.SigningKey, SigningKeyForm),
    },
    repositories.NamespaceSigningKeyList: {
        "get": listed(kept.SigningKeys),
        "post": made(kept.SigningKey, SigningKeyForm),
    },
    repositories.SigningKeyDetail: {"delete": GONE},
    repositories.NamespaceSigningKey: {"delete": GONE},
}
