"""The admin pages of what: repositories, grants on them, tags, scans, the inbox."""

from __future__ import annotations

from repositories.admin import grants, history, inbox, repositories, scans, tags

__all__ = ["grants", "history", "inbox", "repositories", "scans", "tags"]
