"""Take over what another registry holds: everything but images and secrets."""

from __future__ import annotations

from promotions.services.importing.structure.taking import Choices, take_over

__all__ = ["Choices", "take_over"]
