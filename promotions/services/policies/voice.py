"""For which sides of a policy somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass

from promotions.models import PolicyConsent


@dataclass(frozen=True, slots=True)
class Voice:
    """Whether somebody administers the source, and the target, of a version."""

    source: bool
    target: bool

    @property
    def may_stop(self) -> bool:
        return self.source or self.target

    def on(self, side: str) -> bool:
        """Tell whether they speak for that side."""
        return self.source if side == PolicyConsent.Side.SOURCE else self.target
