"""Pages of namespaces, repositories, tags, and what scans found in their images."""

from __future__ import annotations

from repositories.views.opening import asked, open_repository, open_tag

__all__ = ["asked", "open_repository", "open_tag"]
