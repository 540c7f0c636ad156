"""Forms of the portal about policies and promotions."""

from __future__ import annotations

from promotions.forms.by_hand import PromoteForm
from promotions.forms.editor import PolicyEditor

__all__ = ["PolicyEditor", "PromoteForm"]
