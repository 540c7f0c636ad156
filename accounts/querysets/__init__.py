"""Reads: the one tenant filter, `permitted()`, and the lists built on it."""

from __future__ import annotations

from accounts.querysets.pages import PAGE_SIZE, Page, page_of
from accounts.querysets.permitted import (
    MembershipQuerySet,
    NamespaceQuerySet,
    PermittedQuerySet,
    TeamQuerySet,
    granted,
)
from accounts.querysets.programs import AccessTokenQuerySet, RobotQuerySet

__all__ = [
    "PAGE_SIZE",
    "AccessTokenQuerySet",
    "MembershipQuerySet",
    "NamespaceQuerySet",
    "Page",
    "PermittedQuerySet",
    "RobotQuerySet",
    "TeamQuerySet",
    "granted",
    "page_of",
]
