"""What became of each object, written with the object itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404

from promotions.models import Import, ImportedObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from accounts.access import Actor

    Slot = tuple[str, str]

Kind = ImportedObject.Kind
State = ImportedObject.State

_COUNTERS = frozenset(
    {
        "consents",
        "lastPromotedAt",
        "lastSuccessfulAt",
        "membersCount",
        "pulls",
        "pushes",
        "standing",
        "teamsCount",
        "version",
    }
)
"""Fields that change by themselves: nobody changed the object."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the other registry: `key` is its id or its path there."""

    kind: Kind
    key: str
    name: str
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def slot(self) -> Slot:
        return self.kind, self.key[:500]


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a thing here; `local` is the UUID of what it is."""

    state: State
    reason: str = ""
    local: UUID | None = None


@dataclass(slots=True)
class Ledger:
    """The rows of one import, and what this run did to them.

    `seen` are the rows in the order in which they were looked at; `changed` those of
    them that were taken over before, and are otherwise there since.
    """

    actor: Actor
    source: Import
    rows: dict[Slot, ImportedObject]
    seen: dict[Slot, ImportedObject] = field(default_factory=dict)
    changed: list[ImportedObject] = field(default_factory=list)
    taken_now: int = 0

    @classmethod
    def of(cls, actor: Actor, source: Import) -> Ledger:
        """Return the ledger with what earlier runs wrote."""
        rows = source.found.all()
        return cls(actor, source, {(row.kind, row.key): row for row in rows})

    def state(self, kind: Kind, key: str) -> str:
        """Return what became of a thing; "" when it was not met."""
        row = self.rows.get((kind, key))
        return row.state if row else ""

    def local(self, kind: Kind, key: str) -> UUID | None:
        """Return what a thing is here, made or found; None where it is nothing."""
        row = self.rows.get((kind, key))
        return row.local_uuid if row else None

    def take_over(
        self, thing: Thing, work: Callable[[ImportedObject | None], Became]
    ) -> ImportedObject:
        """Do the work and write what became of it, both or neither.

        What was done before is not done again; what was not is tried again. `work` is
        given the row of an earlier run.
        """
        before = self.rows.get(thing.slot)
        if before is not None and before.state == State.DONE:
            if _content(before.original) != _content(thing.original):
                self.changed.append(before)
            self.seen[thing.slot] = before
            return before
        try:
            return self._written(thing, lambda: work(before))
        except (ValidationError, PermissionDenied, Http404) as error:
            refused = Became(State.REFUSED, sentence(error))
        return self._written(thing, lambda: refused)

    def list_only(self, thing: Thing, state: State, reason: str) -> ImportedObject:
        """Write that a thing is not taken over, and why."""
        return self.take_over(thing, lambda _before: Became(state, reason))

    @transaction.atomic
    def _written(self, thing: Thing, work: Callable[[], Became]) -> ImportedObject:
        """Write what the work answers, unless another run did it meanwhile."""
        row = self._claimed(thing)
        if row.state != State.DONE:
            became = work()
            row.name, row.original = thing.name[:500], thing.original
            row.state, row.reason = became.state, became.reason
            row.local_uuid = became.local
            row.save()
            self.taken_now += row.state == State.DONE
        self.rows[thing.slot] = self.seen[thing.slot] = row
        return row

    def _claimed(self, thing: Thing) -> ImportedObject:
        """Return the row of a thing; other runs that come to it wait for us."""
        kind, key = thing.slot
        row, _ = ImportedObject.objects.get_or_create(
            source=self.source, kind=kind, key=key, defaults={"state": State.REFUSED}
        )
        rows = ImportedObject.objects.select_for_update(no_key=True)
        return rows.get(pk=row.pk)


def sentence(error: Exception) -> str:
    """Return what an error says to people."""
    if isinstance(error, ValidationError):
        return " ".join(dict.fromkeys(error.messages))
    return str(error)


def _content(original: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in original.items() if key not in _COUNTERS}
