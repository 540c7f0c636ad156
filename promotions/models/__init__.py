"""Why and where: policies and their versions, decisions, promotions."""

from __future__ import annotations

from promotions.models.decision import Decision, Evaluation
from promotions.models.policy import (
    NamespaceAdmission,
    PolicyConsent,
    PolicyVersion,
    PromotionPolicy,
)
from promotions.models.promotion import Promotion
from promotions.models.promotion_filter import PromotionFilter

__all__ = [
    "Decision",
    "Evaluation",
    "NamespaceAdmission",
    "PolicyConsent",
    "PolicyVersion",
    "Promotion",
    "PromotionFilter",
    "PromotionPolicy",
]
