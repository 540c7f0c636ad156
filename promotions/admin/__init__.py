"""The admin pages of why and where: policies, decisions, promotions."""

from __future__ import annotations

from promotions.admin import history, policies

__all__ = ["history", "policies"]
