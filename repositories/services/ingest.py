"""Work on the inbox: find out what really happened, and write it down.

An event is a hint. The manifest is fetched by the event's digest and its bytes are
checked; what the tag points to now is asked separately.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from accounts.access import IMPORTER, SYSTEM
from accounts.models import Namespace
from repositories.models import (
    RegistryEvent,
    Repository,
    Tag,
    TagMove,
)
from repositories.registry import (
    Digest,
    InvalidManifest,
    InvalidReference,
    RegistryError,
    RepositoryName,
    TagName,
)
from repositories.services import inbox, manifests, repositories, tags
from repositories.services.registry import client
from repositories.services.webhooks import telling

if TYPE_CHECKING:
    from uuid import UUID

    from repositories.models import Manifest

ASK_AGAIN = 5
TAG_PAUSES = (0.05, 0.1, 0.2)  # seconds that the registry has to write a tag, at once
TAG_SECONDS, TAG_ATTEMPTS = 2.0, 3  # and how often an event is taken up again for it
NOT_ALLOWED = ("UNAUTHORIZED", "DENIED")


class Unmanaged(Exception):
    """The event is about a repository that no namespace of the portal covers."""


class NotTagged(Exception):
    """The registry has not written the tag whose push it reported."""


def process(*, event_id: str) -> list[str]:
    """Work on one stored event; return the ids of events that may follow now.

    Returns nothing when another worker has it, an earlier event of the same tag is
    still open, or it was done before. A temporary failure puts the event back.
    """
    lease = RegistryEvent.objects.claim(event_id, lease_seconds=settings.LEASE_SECONDS)
    if lease is None:
        return []
    event = RegistryEvent.objects.get(event_id=event_id)
    if event.attempts > settings.EVENT_ATTEMPTS:
        return _give_up(event, lease, event.error or "Every worker that took it died.")
    state = RegistryEvent.State.DONE
    try:
        note = _ingest(event)
    except RegistryError as error:
        return _after_failure(event, lease, error)
    except (tags.TagChanged, NotTagged) as error:
        return _put_back(event, lease, str(error), TAG_SECONDS)
    except (InvalidReference, InvalidManifest) as error:
        state, note = RegistryEvent.State.POISON, str(error)
    except Unmanaged as error:
        note = str(error)
    return _finish(event, lease, state, note)


def _after_failure(
    event: RegistryEvent, lease: UUID, error: RegistryError
) -> list[str]:
    if not error.temporary:
        if error.code in NOT_ALLOWED:  # says nothing about the image
            inbox.want_reconcile(reason=error.message)
        return _finish(event, lease, RegistryEvent.State.DONE, error.message)
    return _put_back(event, lease, error.message, error.retry_after)


def _give_up(event: RegistryEvent, lease: UUID, why: str) -> list[str]:
    inbox.want_reconcile(reason="An event could not be worked on.")
    return _finish(event, lease, RegistryEvent.State.POISON, why)


def _put_back(
    event: RegistryEvent, lease: UUID, why: str, after: float | None = None
) -> list[str]:
    if event.attempts >= settings.EVENT_ATTEMPTS:
        return _give_up(event, lease, why)
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
    if event.action == "delete":
        return _ingest_deletion(event)
    if _is_recorded(event):
        return ""
    repository = _repository(event.repository)
    digest = event.payload["digest"]
    manifest = manifests.store(
        repository=repository, digest=Digest.parse(digest), client=client()
    )
    if not event.tag:
        author = event.payload["actor"]
        telling.manifest_pushed(repository, manifest, author=author, key=event.event_id)
        return "Pushed by digest."
    return _ingest_push(repository, manifest, event)


def _ingest_push(
    repository: Repository, manifest: Manifest, event: RegistryEvent
) -> str:
    for _ in range(ASK_AGAIN):
        version = tags.version_of(repository, event.tag)
        is_current = _becomes_current(repository, manifest, event)
        seen = tags.Sighting(
            tag=event.tag,
            moved_at=_time_of(event),
            moved_by=event.payload["actor"],
            event_id=event.event_id,
            expected_version=version if is_current else None,
            # What is copied from another registry was decided about there.
            is_baseline=event.payload["actor"] == IMPORTER,
        )
        try:
            move = tags.record_move(repository=repository, manifest=manifest, seen=seen)
        except tags.TagChanged:
            continue
        if move is not None:
            repository.count_push()
        return "" if is_current else "The tag has moved on since."
    raise tags.TagChanged("The tag kept changing while it was asked.")


def _becomes_current(
    repository: Repository, manifest: Manifest, event: RegistryEvent
) -> bool:
    """Tell whether the tag points to the manifest; False when it has moved on.

    Distribution reports a push before it writes the tag, which then is as it was: it
    is given some time, unless a later push is known. Raises NotTagged.
    """
    known = Tag.objects.filter(repository=repository, name=event.tag)
    before = known.values_list("manifest__digest", flat=True).first() or ""
    for pause in (*TAG_PAUSES, 0):
        current = str(digest_of(repository, event.tag) or "")
        if current == manifest.digest:
            return True
        if current != before or _is_overtaken(repository, event):
            return False
        sleep(pause)
    if event.attempts < TAG_ATTEMPTS:
        raise NotTagged("The registry has not written the tag yet.")
    return False


def _is_overtaken(repository: Repository, event: RegistryEvent) -> bool:
    """Tell whether something later is known of the same tag."""
    following = RegistryEvent.objects.unfinished().filter(
        repository=event.repository, tag=event.tag, id__gt=event.pk
    )
    last = TagMove.objects.latest_of(repository, event.tag)
    is_late = last is not None and last.moved_at >= _time_of(event)
    return is_late or following.exists()


def _is_recorded(event: RegistryEvent) -> bool:
    """Tell whether the move is written: by a worker that died, or by a promotion's.

    A promotion moves a tag once; its notification may come after the tag moved on.
    """
    promotion = tags.promotion_of(event.payload["actor"])
    if promotion is not None:
        return TagMove.objects.filter(promotion_uuid=promotion).exists()
    if event.attempts == 1:
        return False
    return TagMove.objects.filter(event_id=event.event_id).exists()


def _ingest_deletion(event: RegistryEvent) -> str:
    """Believe a deletion only where the registry says 404 to the same question."""
    found = Repository.objects.select_related("namespace").named(event.repository)
    repository = found.first()
    if repository is None:
        return "The portal does not know this repository."
    digest = event.payload["digest"]
    rows = repository.tags.all()
    if event.tag:
        rows = rows.filter(name=event.tag)
    elif digest:
        rows = rows.filter(manifest__digest=digest)
        _note_gone(repository, digest, event.payload["actor"])
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


def _note_gone(repository: Repository, digest: str, author: str) -> None:
    name = RepositoryName.parse(repository.full_name)
    if client().head_manifest(name, Digest.parse(digest)) is None:
        manifests.note_gone(repository=repository, digest=digest, author=author)


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
        message = f"“{full_name}” was deleted here, or cannot be a repository's name."
        raise Unmanaged(message)
    return adopted


def _time_of(event: RegistryEvent) -> datetime:
    """Return the registry's time of the event, but never a time in the future."""
    now = timezone.now()
    told = datetime.fromisoformat(event.payload["timestamp"])
    return min(told, now)
