"""The admin pages of why and where: policies, decisions, promotions."""

from __future__ import annotations

from promotions.admin import consents, history, importing, policies

__all__ = ["consents", "history", "importing", "policies"]
