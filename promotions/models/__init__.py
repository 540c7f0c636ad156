"""Why and where: policies and their versions, decisions, promotions."""

from __future__ import annotations

from promotions.models.decision import Decision, Evaluation
from promotions.models.policy import PolicyVersion, PromotionPolicy
from promotions.models.promotion import Promotion

__all__ = [
    "Decision",
    "Evaluation",
    "PolicyVersion",
    "Promotion",
    "PromotionPolicy",
]
