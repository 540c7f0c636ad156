"""Which evidence is asked for, and what came of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promotions.rules import EvidenceKind, ImageFacts
    from promotions.services.evidence import signatures
    from repositories.models import Repository, VulnerabilityException


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to gather: the kinds that rules ask for, and whose word counts.

    `origins` are the uploads and own scanners that the policy names. `by_target` says
    that only vulnerabilities hidden by admins of the target do not count:
    `exceptions_by` is that repository, None while it does not exist. `keys` are the
    names by which rules call the keys that signed. `held_by` is the repository in which
    the parts of an index and what is attached are looked for; None is the source.
    """

    needs: frozenset[EvidenceKind] = frozenset()
    origins: tuple[str, ...] = ()
    by_target: bool = False
    exceptions_by: Repository | None = None
    keys: frozenset[str] = frozenset()
    held_by: Repository | None = None


@dataclass(frozen=True)
class Gathered:
    """Facts, a hash of what they rest on, and the exceptions among that.

    `is_outdated` says that nothing answers for vulnerabilities, because scans are old.
    """

    facts: ImageFacts
    version: str
    exceptions: list[dict[str, Any]]
    is_outdated: bool = False

    @cached_property
    def stored_facts(self) -> dict[str, object]:
        """The facts as each decision that rests on them keeps them."""
        return self.facts.to_json()


@dataclass(slots=True)
class Used:
    """What the facts rest on, collected while they are gathered."""

    scans: set[str] = field(default_factory=set)
    exceptions: dict[int, VulnerabilityException] = field(default_factory=dict)
    signatures: signatures.Used = field(default_factory=set)
    is_outdated: bool = False

    def version(self) -> str:
        found: list[list[Any]] = [sorted(self.scans), sorted(self.exceptions)]
        if self.signatures:  # so that the hashes of all other evidence stay the same
            found.append(sorted(self.signatures))
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()
