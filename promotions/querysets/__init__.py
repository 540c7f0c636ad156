"""Reads and state changes: which policies act where, which promotions are open."""

from __future__ import annotations

from promotions.querysets.decisions import DecisionQuerySet
from promotions.querysets.policies import PromotionPolicyQuerySet
from promotions.querysets.promotions import IllegalTransition, PromotionQuerySet
from promotions.querysets.watches import WatchQuerySet

__all__ = [
    "DecisionQuerySet",
    "IllegalTransition",
    "PromotionPolicyQuerySet",
    "PromotionQuerySet",
    "WatchQuerySet",
]
