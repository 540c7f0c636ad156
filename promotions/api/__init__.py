"""`/api/v0`: promotion policies, promotions, and why a tag is promoted or not."""

from __future__ import annotations

from promotions.api.decisions import DecisionList
from promotions.api.policies import PolicyDetail, PolicyList
from promotions.api.promotions import (
    CancelPromotion,
    PromoteAgain,
    PromoteByHand,
    PromotionDetail,
    RepositoryPromotionList,
)
from promotions.api.trials import PreviewTemplate, TestPolicy

__all__ = [
    "CancelPromotion",
    "DecisionList",
    "PolicyDetail",
    "PolicyList",
    "PreviewTemplate",
    "PromoteAgain",
    "PromoteByHand",
    "PromotionDetail",
    "RepositoryPromotionList",
    "TestPolicy",
]
