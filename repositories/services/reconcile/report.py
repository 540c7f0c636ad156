"""What a walk over the registry finds, and what it did about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repositories.registry import Digest

LONGEST_LIST = 200  # names that are kept of a report


@dataclass(frozen=True, slots=True)
class Change:
    """One tag whose row differs from what the registry says; digest None: no tag."""

    repository: str
    tag: str
    digest: Digest | None


@dataclass(slots=True)
class Report:
    """What a walk found and did."""

    repositories: int = 0
    tags: int = 0
    recorded: int = 0
    removed: int = 0
    missed: int = 0
    unmanaged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_baseline: bool = False

    def as_kept(self) -> dict[str, Any]:
        """Return it as it is stored: of long lists the beginning."""
        kept = asdict(self)
        for name in ("unmanaged", "refused"):
            kept[name] = kept[name][:LONGEST_LIST]
        return kept
