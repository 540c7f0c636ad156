"""The admin pages of who: users, organizations, teams, grants, tokens, audit log."""

from __future__ import annotations

from accounts.admin import (
    access_tokens,
    audit,
    grants,
    organizations,
    robots,
    sign_in,
    teams,
    users,
)

__all__ = [
    "access_tokens",
    "audit",
    "grants",
    "organizations",
    "robots",
    "sign_in",
    "teams",
    "users",
]
