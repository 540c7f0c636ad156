"""The admin pages of what: repositories, grants, tags, scans, keys, the inbox."""

from __future__ import annotations

from repositories.admin import (
    advisories,
    grants,
    history,
    inbox,
    layers,
    repositories,
    scanners,
    scans,
    signing_keys,
    tags,
    webhooks,
)

__all__ = [
    "advisories",
    "grants",
    "history",
    "inbox",
    "layers",
    "repositories",
    "scanners",
    "scans",
    "signing_keys",
    "tags",
    "webhooks",
]
