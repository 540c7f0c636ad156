"""The admin pages of what: repositories, grants on them, their tags, the inbox."""

from __future__ import annotations

from repositories.admin import grants, history, inbox, repositories, tags

__all__ = ["grants", "history", "inbox", "repositories", "tags"]
