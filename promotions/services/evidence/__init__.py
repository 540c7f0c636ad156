"""What is known about a pushed image when policies are asked, and who says so."""

from __future__ import annotations

from promotions.services.evidence.gathering import gather
from promotions.services.evidence.wanted import Gathered, Wanted

__all__ = ["Gathered", "Wanted", "gather"]
