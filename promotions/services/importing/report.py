"""What an import says at the end: for people, and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from promotions.models import ImportedObject

if TYPE_CHECKING:
    from promotions.services.importing.compare import Comparison
    from promotions.services.importing.ledger import Ledger

Kind, State = ImportedObject.Kind, ImportedObject.State

NEVER_TAKEN = {
    "images": "They are copied by a later command; push or sync them as msr-import.",
    "signatures": "Docker Content Trust is not taken over: sign again with cosign.",
    "passwords and tokens": "The registry does not tell them: they are made anew here.",
    "secrets of mirrors": "The registry does not tell them.",
    "mirroring and pruning policies": "There are none here yet.",
    "certificates of webhooks": "Put those that are needed into MSR_CA_BUNDLE.",
    "activity and jobs": "They stay in the registry they are of.",
}
"""What no import takes over, and why."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all that was looked at."""

    rows: tuple[ImportedObject, ...]
    changed: tuple[ImportedObject, ...]
    taken_now: int

    @classmethod
    def of(cls, ledger: Ledger) -> Report:
        """Return the report of a run."""
        return cls(tuple(ledger.seen.values()), tuple(ledger.changed), ledger.taken_now)

    @property
    def counts(self) -> list[tuple[str, dict[str, int]]]:
        """How many of each kind became what."""
        found = Counter((row.kind, row.state) for row in self.rows)
        return [
            (kind.label, {state.value: found[kind, state] for state in State})
            for kind in Kind
            if any(found[kind, state] for state in State)
        ]

    @property
    def remarks(self) -> list[ImportedObject]:
        """What was not taken over, or not as it was; refused ones first."""
        order = [State.REFUSED, State.HELD, State.SKIPPED, State.DONE]
        told = [row for row in self.rows if row.reason]
        return sorted(told, key=lambda row: order.index(State(row.state)))

    def to_json(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "takenNow": self.taken_now,
            "counts": dict(self.counts),
            "objects": [_row(row) for row in self.rows],
            "changedThereSince": [_row(row) for row in self.changed],
            "neverTaken": NEVER_TAKEN,
        }


def _row(row: ImportedObject) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "key": row.key,
        "name": row.name,
        "state": row.state,
        "reason": row.reason,
        "id": str(row.local_uuid) if row.local_uuid else None,
        "original": row.original,
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison."""
    return asdict(comparison)
