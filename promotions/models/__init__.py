"""Why and where: policies and their versions, decisions, promotions."""

from __future__ import annotations

from promotions.models.consent import PolicyConsent
from promotions.models.decision import Decision, Evaluation
from promotions.models.importing import Import, ImportedObject
from promotions.models.policy import NamespaceAdmission, PromotionPolicy, Standing
from promotions.models.promotion import Promotion
from promotions.models.promotion_filter import PromotionFilter
from promotions.models.version import PolicyVersion
from promotions.models.watch import Watch

__all__ = [
    "Decision",
    "Evaluation",
    "Import",
    "ImportedObject",
    "NamespaceAdmission",
    "PolicyConsent",
    "PolicyVersion",
    "Promotion",
    "PromotionFilter",
    "PromotionPolicy",
    "Standing",
    "Watch",
]
