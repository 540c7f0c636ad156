"""Notifications in: store every event first, then find out what really happened.

An event is a hint. The manifest is fetched by the event's digest and its bytes are
checked; what the tag points to now is asked separately.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from repositories.models import Registry, RegistryEvent, Repository, RepositoryManifest
from repositories.registry import (
    Digest,
    InvalidManifest,
    InvalidReference,
    MalformedNotification,
    RegistryError,
    RepositoryName,
    TagName,
    parse_envelope,
)
from repositories.services import manifests, repositories, tags
from repositories.services.registry import PORTAL_SUBJECT, client

if TYPE_CHECKING:
    from uuid import UUID

    from repositories.models import Manifest
    from repositories.registry import Event

log = structlog.get_logger()

POISON_HEAD_BYTES = 64 * 1024
ASK_AGAIN = 5
KEPT_TEXT = 300


class Unmanaged(Exception):
    """The event is about a repository that no namespace of the portal covers."""


# --- storing ----------------------------------------------------------------------


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
    _note_instances({event.instance_id for event in events if event.instance_id})
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
    """Ask for a walk over the registry as soon as a worker is free."""
    Registry.objects.filter(reconcile_wanted_at__isnull=True).update(
        reconcile_wanted_at=timezone.now(), reconcile_reason=reason
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
    State = RegistryEvent.State  # noqa: N806 - a class
    state, error = State.PENDING, ""
    if event.malformed:
        state, error = State.POISON, "The event lacks what every event has."
    elif not (event.is_manifest_push or event.is_delete):
        state, error = State.DONE, "Nothing is done about events of this kind."
    return RegistryEvent(
        event_id=event.id[:128],
        instance_id=event.instance_id[:128],
        action=event.action[:32],
        repository=event.repository[:KEPT_TEXT],
        tag=event.tag[:KEPT_TEXT],
        payload=_payload(event),
        state=state,
        error=error,
        finished_at=None if state == State.PENDING else timezone.now(),
    )


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


# --- working on -------------------------------------------------------------------


def process(*, event_id: str) -> list[str]:
    """Work on one stored event; return the ids of events that may follow now.

    Returns nothing when another worker has it, an earlier event of the same tag is
    still open, or it was done before. A temporary failure puts the event back.
    """
    lease = RegistryEvent.objects.claim(event_id, lease_seconds=settings.LEASE_SECONDS)
    if lease is None:
        return []
    event = RegistryEvent.objects.get(event_id=event_id)
    state = RegistryEvent.State.DONE
    try:
        note = _ingest(event)
    except RegistryError as error:
        return _after_failure(event, lease, error)
    except tags.TagChanged:
        return _put_back(event, lease, "The tag kept changing while it was asked.")
    except (InvalidReference, InvalidManifest) as error:
        state, note = RegistryEvent.State.POISON, str(error)
    except Unmanaged as error:
        note = str(error)
    return _finish(event, lease, state, note)


def _after_failure(
    event: RegistryEvent, lease: UUID, error: RegistryError
) -> list[str]:
    if not error.temporary:
        return _finish(event, lease, RegistryEvent.State.DONE, error.message)
    if event.attempts >= settings.EVENT_ATTEMPTS:
        want_reconcile(reason="An event could not be worked on.")
        return _finish(event, lease, RegistryEvent.State.POISON, error.message)
    return _put_back(event, lease, error.message, error.retry_after)


def _put_back(
    event: RegistryEvent, lease: UUID, why: str, after: float | None = None
) -> list[str]:
    delay = after or settings.RETRY_BASE_SECONDS * 2 ** min(event.attempts, 8)
    RegistryEvent.objects.filter(pk=event.pk, lease_token=lease).update(
        state=RegistryEvent.State.PENDING,
        due_at=timezone.now() + timedelta(seconds=delay),
        error=why[:500],
    )
    return []


def _finish(
    event: RegistryEvent, lease: UUID, state: RegistryEvent.State, note: str
) -> list[str]:
    RegistryEvent.objects.filter(pk=event.pk, lease_token=lease).update(
        state=state, error=note[:500], finished_at=timezone.now()
    )
    following = RegistryEvent.objects.due().filter(
        repository=event.repository, tag=event.tag
    )
    return list(following.order_by("id").values_list("event_id", flat=True)[:1])


def _ingest(event: RegistryEvent) -> str:
    """Do what the event calls for; return a note for the inbox, mostly empty."""
    repository = _repository(event.repository)
    digest = event.payload["digest"]
    if event.action == "delete":
        return _ingest_deletion(repository, event)
    manifest = manifests.store(
        repository=repository, digest=Digest.parse(digest), client=client()
    )
    if not event.tag:
        return "Pushed by digest."
    return _ingest_push(repository, manifest, event)


def _ingest_push(
    repository: Repository, manifest: Manifest, event: RegistryEvent
) -> str:
    for _ in range(ASK_AGAIN):
        version = tags.version_of(repository, event.tag)
        current = digest_of(repository, event.tag)
        is_current = current is not None and str(current) == manifest.digest
        seen = tags.Sighting(
            tag=event.tag,
            moved_at=_time_of(event),
            moved_by=event.payload["actor"],
            event_id=event.event_id,
            expected_version=version if is_current else None,
        )
        try:
            tags.record_move(repository=repository, manifest=manifest, seen=seen)
        except tags.TagChanged:
            continue
        return "" if is_current else "The tag has moved on since."
    raise tags.TagChanged


def _ingest_deletion(repository: Repository, event: RegistryEvent) -> str:
    """Believe a deletion only where the registry says 404 to the same question."""
    digest = event.payload["digest"]
    rows = repository.tags.all()
    if event.tag:
        rows = rows.filter(name=event.tag)
    elif digest:
        rows = rows.filter(manifest__digest=digest)
        _note_gone(repository, digest)
    for tag in rows:
        if digest_of(repository, tag.name) is None:
            seen = tags.Sighting(
                tag=tag.name,
                moved_at=_time_of(event),
                moved_by=event.payload["actor"],
                expected_version=tag.version,
            )
            tags.record_deletion(repository=repository, seen=seen)
    return ""


def _note_gone(repository: Repository, digest: str) -> None:
    name = RepositoryName.parse(repository.full_name)
    if client().head_manifest(name, Digest.parse(digest)) is None:
        RepositoryManifest.objects.filter(
            repository=repository, manifest__digest=digest
        ).update(gone_at=timezone.now())


def digest_of(repository: Repository, tag: str) -> Digest | None:
    """Ask the registry what the tag points to now; None when there is no such tag."""
    name = RepositoryName.parse(repository.full_name)
    descriptor = client().head_manifest(name, TagName.parse(tag))
    return descriptor.digest if descriptor else None


def _repository(full_name: str) -> Repository:
    """Return the repository of an event; one not known yet is adopted, private."""
    name = RepositoryName.parse(full_name)
    found = Repository.objects.select_related("namespace").named(full_name).first()
    if found is not None:
        return found
    namespace = Namespace.objects.filter(name=name.namespace).first()
    if namespace is None or not name.name:
        message = f"No namespace of the portal covers “{full_name}”."
        raise Unmanaged(message)
    adopted = repositories.adopt(actor=SYSTEM, namespace=namespace, name=name.name)
    if adopted is None:
        message = f"“{full_name}” was deleted here; the registry still has it."
        raise Unmanaged(message)
    return adopted


def _time_of(event: RegistryEvent) -> datetime:
    """Return the registry's time of the event, but never a time in the future."""
    now = timezone.now()
    told = datetime.fromisoformat(event.payload["timestamp"])
    return min(told, now)
