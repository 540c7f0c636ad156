"""What is known about an image when its rules are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """One pushed tag; `pushed_at` is the aware time of the push, not of the build."""

    tag: str
    digest: str
    pushed_at: datetime

    def to_json(self) -> dict[str, str]:
        """Return the facts as stored with a decision; times are RFC 3339 in UTC."""
        return {
            "tag": self.tag,
            "digest": self.digest,
            "pushed_at": self.pushed_at.astimezone(UTC).isoformat(),
        }
