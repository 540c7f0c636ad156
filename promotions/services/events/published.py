"""Which events a reader sees, out of the rows of the activity stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from typing_extensions import override

from accounts.models import AuditEvent, User
from promotions.services.activity import Kind, Place
from promotions.services.events.kinds import (
    CHANGES,
    OBJECTS,
    PROMOTIONS,
    SCANS,
    EventType,
    labels_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

TAGS: Mapping[EventType, Q] = {
    EventType.CREATE: Q(from_manifest__isnull=True, to_manifest__isnull=False),
    EventType.UPDATE: Q(from_manifest__isnull=False, to_manifest__isnull=False),
    EventType.DELETE: Q(to_manifest__isnull=True),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address; None and "" ask for nothing.

    `actor_id` is the UUID of a person or of a policy.
    """

    actor_id: UUID | None = None
    event_type: EventType | None = None
    object_type: str = ""

    @property
    def person(self) -> str:
        """The name of the person of that UUID; "" where it is nobody's."""
        if self.actor_id is None:
            return ""
        people = User.objects.filter(uuid=self.actor_id)
        return people.values_list("username", flat=True).first() or ""


@dataclass(frozen=True)
class Published(Place):
    """A repository, or for administrators the registry, as a stream of events.

    As in MSR everybody who may pull sees pushes, deletions, scans and that the
    repository was made; promotions are for its admins. A promotion happens when it
    ends, so that whoever asks for what is newer misses none.
    """

    asked: Asked = field(default_factory=Asked)

    @override
    def at(self, kind: Kind) -> str:
        return "finished_at" if kind is Kind.PROMOTIONS else kind.at

    @override
    def rows(self, kind: Kind, person: str) -> QuerySet[Any]:
        rows = super().rows(kind, person).filter(self._of_type(kind))
        if self.asked.actor_id is None or person:
            return rows
        if kind is Kind.PROMOTIONS:
            return rows.filter(policy__uuid=self.asked.actor_id)
        return rows.none()

    @override
    def promotions(self, person: str) -> QuerySet[Any]:
        rows = super().promotions(person).filter(state__in=PROMOTIONS)
        return rows if self.administers else rows.none()

    @override
    def tags(self, person: str) -> QuerySet[Any]:
        return super().tags(person).filter(is_baseline=False)

    @override
    def changes(self, person: str) -> QuerySet[Any]:
        """Return entries of the audit log; whoever reads here sees how it began."""
        rows = super().changes(person)
        if self.administers or self.repository is None:
            return rows
        began = Q(object_uuid=self.repository.uuid, action="create")
        if person:
            began &= Q(actor=person)
        return rows | AuditEvent.objects.filter(began)

    def _of_type(self, kind: Kind) -> Q:
        """Return the condition "is of the types asked for"."""
        wanted, nothing = self.asked.event_type, Q(pk__in=())
        here = Q()
        if self.asked.object_type:
            here = self._of_object(kind)
        if wanted is None:
            return here
        if kind is Kind.TAGS:
            return here & TAGS.get(wanted, nothing)
        if kind is Kind.CHANGES:
            return here & _done(wanted)
        states = PROMOTIONS if kind is Kind.PROMOTIONS else SCANS
        return here & Q(state__in=[one for one in states if states[one] == wanted])

    def _of_object(self, kind: Kind) -> Q:
        wanted = self.asked.object_type
        if kind is Kind.CHANGES:
            return Q(object_type__in=labels_of(wanted))
        return Q() if OBJECTS[kind] == wanted else Q(pk__in=())


def _done(wanted: EventType) -> Q:
    if wanted is EventType.UPDATE:
        return ~Q(action__in=CHANGES)
    return Q(action__in=[deed for deed in CHANGES if CHANGES[deed] == wanted])
