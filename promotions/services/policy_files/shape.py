"""A file of policies as values: its scope, its policies, and their tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promotions.rules import Result
    from promotions.services.policy_files.reading import Document, Path

DEFAULT_NAME = "policies"

FIELDS = {
    "tagTemplate": "tag_template",
    "rules": "rules",
    "zone": "zone",
    "onMovedTag": "on_moved_tag",
    "onConflict": "on_conflict",
    "unscored": "unscored",
    "unlicensed": "unlicensed",
    "allowUnscannable": "allow_unscannable",
    "origins": "origins",
    "exceptionsOf": "exceptions_of",
    "allowPublicTarget": "allow_public_target",
    "allowCycle": "allow_cycle",
}
"""What a file calls the fields of a Draft that it has beside source and target."""

Identity = tuple[str, str]
"""The namespace a policy belongs to ("" for a global one), and its key."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a file is about: policies of namespaces, and global ones."""

    namespaces: tuple[str, ...] = ()
    is_global: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A test of a policy: what is given of an image, and what is to come out."""

    name: str
    given: dict[str, Any]
    expect: Result
    expect_tag: str
    path: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy as the file has it; `content` are fields of a Draft.

    `source` is the name of a repository or, with `is_pattern`, a pattern.
    """

    key: str
    source: str
    is_pattern: bool
    is_global: bool
    target: str
    enabled: bool
    propose: bool
    content: dict[str, Any]
    examples: tuple[Example, ...]
    path: Path

    @property
    def namespace(self) -> str:
        """The name of the namespace it belongs to; "" for a global one."""
        return "" if self.is_global else self.source.partition("/")[0]

    @property
    def identity(self) -> Identity:
        """What the policy is found by again."""
        return self.namespace, self.key


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file that was read; `document` knows where in it everything stands."""

    name: str
    scope: Scope
    entries: tuple[Entry, ...]
    document: Document = field(repr=False)
