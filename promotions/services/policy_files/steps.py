"""What applying a file would do, step by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from promotions.services.policies.difference import Change
    from promotions.services.policy_files.problems import Problem

MAX_DELETES = 5


class Action(StrEnum):
    """What becomes of a policy."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DRIFT = "drift"
    """Somebody switched it, or a side took its consent back; it is left so."""
    KEPT = "kept"
    """The file owned it and has it no more; only pruning deletes it."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever applies a file chooses; a plan holds for the same choices only.

    `prune` deletes what the file owned and has no more, `max_deletes` policies at most.
    `restore` undoes drift of the switch. `evaluate` looks at the tags that exist.
    """

    prune: bool = False
    max_deletes: int = MAX_DELETES
    restore: bool = False
    evaluate: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one policy; `refusal` is the sentence that forbids it, or "".

    `uuid` is None for one that is yet to be made. `ends` are source and target.
    """

    action: Action
    namespace: str
    key: str
    ends: str
    uuid: UUID | None = None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def name(self) -> str:
        """The key within its namespace; a global policy has none."""
        return f"{self.namespace or 'global'}: {self.key}"

    def to_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        return {
            "action": self.action.value,
            "namespace": self.namespace,
            "key": self.key,
            "policyId": str(self.uuid) if self.uuid else None,
            "ends": self.ends,
            "changes": [
                {
                    "field": change.field,
                    "removed": list(change.removed),
                    "added": list(change.added),
                }
                for change in self.changes
            ],
            "notes": list(self.notes),
            "refusal": self.refusal,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, in the order of names; what forbids them; and a fingerprint of both.

    `failures` are tests of the file that came out otherwise.
    """

    name: str
    steps: tuple[Step, ...]
    failures: tuple[Problem, ...]
    refusals: tuple[str, ...]
    fingerprint: str

    @property
    def objections(self) -> list[str]:
        """All that keeps the plan from being applied, in sentences."""
        refused = [f"{one.name}: {one.refusal}" for one in self.steps if one.refusal]
        return [*map(str, self.failures), *self.refusals, *refused]

    @property
    def counts(self) -> dict[str, int]:
        """How many policies there are of each action."""
        found = Counter(step.action for step in self.steps)
        return {action.value: found[action] for action in Action}

    def to_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        return {
            "name": self.name,
            "applicable": not self.objections,
            "fingerprint": self.fingerprint,
            "counts": self.counts,
            "steps": [step.to_json() for step in self.steps],
            "failedTests": [
                {"line": one.line, "column": one.column, "sentence": one.sentence}
                for one in self.failures
            ],
            "objections": self.objections,
        }
