"""The inbox: every notification is stored first and worked on after."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from repositories.models import Registry, RegistryEvent
from repositories.registry import MalformedNotification, parse_envelope
from repositories.services.registry import PORTAL_SUBJECT

if TYPE_CHECKING:
    from repositories.registry import Event

POISON_HEAD_BYTES = 64 * 1024
KEPT_TEXT = 300
KEPT_ID = 128


def record(*, body: bytes) -> list[str]:
    """Store what a notification reports; return the ids of the events to work on.

    Blobs, mounts and pulls are read and forgotten. An event stored before is not
    stored again. A body that cannot be read is kept as poison, and a reconcile is
    wanted, because nobody knows what it reported.
    """
    try:
        events = parse_envelope(body)
    except MalformedNotification as error:
        record_poison(head=body, sha256=_sha256(body), why=str(error))
        return []
    kept = [event for event in events if not _is_noise(event)]
    rows = [_row(event) for event in kept]
    RegistryEvent.objects.bulk_create(rows, ignore_conflicts=True)
    _note_instances({event.instance_id[:KEPT_ID] for event in events} - {""})
    if any(event.malformed for event in kept):
        want_reconcile(reason="An event could not be read.")
    return [row.event_id for row in rows if row.state == RegistryEvent.State.PENDING]


def record_poison(*, head: bytes, sha256: str, why: str) -> None:
    """Keep the first 64 kB of a body that cannot be worked on, and want a reconcile."""
    RegistryEvent.objects.bulk_create(
        [
            RegistryEvent(
                event_id=f"poison:{sha256}",
                state=RegistryEvent.State.POISON,
                body_head=head[:POISON_HEAD_BYTES],
                body_sha256=sha256,
                error=why[:500],
                finished_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
    want_reconcile(reason="A notification could not be read.")


def want_reconcile(*, reason: str) -> None:
    """Ask for a walk over the registry as soon as a worker is free.

    A walk under way may be past what this wish is about, so another one follows it. A
    wish that waits for its next turn (a time to come) is left as it is.
    """
    now = timezone.now()
    turn = Q(reconcile_wanted_at__isnull=True) | Q(reconcile_wanted_at__lt=now)
    Registry.objects.filter(turn).update(
        reconcile_wanted_at=now, reconcile_reason=reason
    )


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _is_noise(event: Event) -> bool:
    """Tell whether nothing is to be done, so that no row need be written."""
    if event.malformed:
        return False
    own_work = event.actor == PORTAL_SUBJECT  # such as the placeholder of a deletion
    return own_work or event.is_blob or event.action in ("pull", "mount")


def _row(event: Event) -> RegistryEvent:
    states = RegistryEvent.State
    state, error = states.PENDING, ""
    if event.malformed:
        state, error = states.POISON, "The event lacks what every event has."
    elif not (event.is_manifest_push or event.is_delete):
        state, error = states.DONE, "Nothing is done about events of this kind."
    return RegistryEvent(
        event_id=_id(event),
        instance_id=event.instance_id[:KEPT_ID],
        action=event.action[:32],
        repository=event.repository[:KEPT_TEXT],
        tag=event.tag[:KEPT_TEXT],
        payload=_payload(event),
        state=state,
        error=error,
        finished_at=None if state == states.PENDING else timezone.now(),
    )


def _id(event: Event) -> str:
    """Return the event's id; a long one is hashed, so that no two become the same."""
    if len(event.id) <= KEPT_ID:
        return event.id
    return f"sha256:{_sha256(event.id.encode())}"


def _payload(event: Event) -> dict[str, Any]:
    return {
        "digest": event.digest[:KEPT_TEXT],
        "media_type": event.media_type[:KEPT_TEXT],
        "actor": event.actor[:200],
        "timestamp": event.timestamp.isoformat(),
        "raw": event.raw,
    }


def _note_instances(seen: set[str]) -> None:
    """Want a reconcile when a registry process reports for the first time.

    A new instance id means a restart, and a restart loses what was queued.
    """
    registry = Registry.objects.first()
    if registry is None or not (new := seen - set(registry.instance_ids)):
        return
    known = [*registry.instance_ids, *sorted(new)][-50:]
    Registry.objects.filter(pk=registry.pk).update(instance_ids=known)
    if registry.instance_ids:
        want_reconcile(reason="The registry was restarted; events may be lost.")
