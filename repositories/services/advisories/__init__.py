"""Known vulnerabilities: loaded from files, and matched against what images hold."""

from __future__ import annotations

from repositories.services.advisories.loading import Loaded, NothingReadable, load
from repositories.services.advisories.matching import Known, complete, match
from repositories.services.advisories.rematching import Rematched, rematch

__all__ = [
    "Known",
    "Loaded",
    "NothingReadable",
    "Rematched",
    "complete",
    "load",
    "match",
    "rematch",
]
