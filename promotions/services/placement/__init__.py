"""Where a promotion lands, decided alike for what is copied and what is tried."""

from __future__ import annotations

from promotions.services.placement.choice import (
    MAX_SUFFIX,
    Candidate,
    Held,
    NotPlaced,
    Shelf,
    choose,
    rendered,
    variants,
    wants_suffix,
)
from promotions.services.placement.real import (
    Placement,
    TargetMissing,
    place,
    remember,
    reserved,
)

__all__ = [
    "MAX_SUFFIX",
    "Candidate",
    "Held",
    "NotPlaced",
    "Placement",
    "Shelf",
    "TargetMissing",
    "choose",
    "place",
    "remember",
    "rendered",
    "reserved",
    "variants",
    "wants_suffix",
]
