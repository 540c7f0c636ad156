"""Patterns over names of repositories, and targets made from a source's name."""

from __future__ import annotations

import re
from dataclasses import dataclass


class InvalidPattern(ValueError):
    """A pattern that cannot be saved; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class RepositoryPattern:
    """Names `*` (without "/") and `**` (with "/") stand for."""

    text: str

    @classmethod
    def parse(cls, text: str) -> RepositoryPattern:
        """Read a pattern; raises InvalidPattern."""
        if "/" not in text:
            raise InvalidPattern("A pattern names a namespace and a repository.")
        return cls(text)

    def matches(self, full_name: str) -> bool:
        """Tell whether a repository's full name meets the pattern."""
        parts = re.split(r"(\*\*|\*)", self.text)
        stars = {"*": "[^/]*", "**": ".*"}
        body = "".join(stars.get(part, re.escape(part)) for part in parts)
        return re.fullmatch(body, full_name) is not None


@dataclass(frozen=True, slots=True)
class TargetPattern:
    """A target with `{namespace}` and `{repository}` of the source."""

    text: str

    @classmethod
    def parse(cls, text: str) -> TargetPattern:
        """Read a target pattern; raises InvalidPattern."""
        if "/" not in text:
            raise InvalidPattern("A target names a namespace and a repository.")
        return cls(text)

    def as_repository_pattern(self) -> RepositoryPattern:
        """Return the pattern of all names it can make."""
        text = self.text.replace("{namespace}", "*").replace("{repository}", "**")
        return RepositoryPattern(text)
