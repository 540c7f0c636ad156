"""Tell webhooks of what happens to repositories, their tags, manifests and scans."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from repositories.models import EventType, Scan, Tag, Webhook
from repositories.services.webhooks import contents
from repositories.services.webhooks.emitting import Event, Told, emit, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.db.models import QuerySet

    from repositories.models import (
        Manifest,
        Repository,
        RepositoryManifest,
        TagMove,
    )

MOST_TAGS = 200  # of one image, whose scan is told; each namespace has its share


def tag_pushed(move: TagMove) -> None:
    """Tell that a tag was pushed, and with it its manifest."""
    repository, manifest = move.repository, move.to_manifest
    if manifest is None:
        return
    at = contents.location(repository, "manifests", manifest.digest)
    pushed = partial(contents.manifest_push, repository, manifest, move.moved_by)
    emit(
        Event(
            EventType.TAG_PUSH,
            repository,
            str(move.uuid),
            contents.location(repository, "tags", move.tag),
            _told(partial(contents.tag_push, move)),
        ),
        Event(EventType.MANIFEST_PUSH, repository, str(move.uuid), at, _told(pushed)),
    )


def tag_deleted(move: TagMove) -> None:
    """Tell that a tag is gone."""
    emit(
        Event(
            EventType.TAG_DELETE,
            move.repository,
            str(move.uuid),
            contents.location(move.repository, "tags", move.tag),
            _told(partial(contents.tag_delete, move)),
        )
    )


def manifest_pushed(
    repository: Repository, manifest: Manifest, *, author: str, key: str
) -> None:
    """Tell that a manifest was pushed without a tag; `key` is the notification's."""
    pushed = partial(contents.manifest_push, repository, manifest, author)
    at = contents.location(repository, "manifests", manifest.digest)
    emit(Event(EventType.MANIFEST_PUSH, repository, key, at, _told(pushed)))


def manifests_gone(held: QuerySet[RepositoryManifest], *, author: str) -> None:
    """Tell of the manifests that repositories hold, and will not any more."""
    at = timezone.now().timestamp()
    for one in held.select_related("manifest", "repository__namespace"):
        repository, manifest = one.repository, one.manifest
        deleted = partial(contents.manifest_delete, repository, manifest, author)
        place = contents.location(repository, "manifests", manifest.digest)
        kind, key = EventType.MANIFEST_DELETE, f"{one.uuid}:{at}"
        emit(Event(kind, repository, key, place, _told(deleted)))


def repository_changed(
    repository: Repository, event_type: EventType, *, author: str, key: UUID
) -> None:
    """Tell that a repository was created, changed or deleted; `key` is the entry's."""
    said = partial(
        contents.repository_event, repository, event_type.removeprefix("REPO_"), author
    )
    at = contents.location(repository)
    emit(Event(event_type, repository, str(key), at, _told(said)))


def scan_ended(scan: Scan) -> None:
    """Tell each repository that has a tag on the image what became of its scan."""
    is_failed = scan.state == Scan.State.FAILED
    event_type = EventType.SCAN_FAILED if is_failed else EventType.SCAN_COMPLETED
    hooks = list(Webhook.objects.active().by_scope().filter(type=event_type))
    if not hooks:
        return
    said = contents.scan_failed if is_failed else contents.scan_completed
    for tag in _tags_of(scan, hooks):
        event = Event(
            event_type,
            tag.repository,
            f"{scan.uuid}:{tag.repository_id}:{tag.name}",
            contents.location(tag.repository, "tags", tag.name),
            _told(partial(said, scan, tag)),
        )
        write(event, [hook for hook in hooks if _listens(hook, tag.repository)])


def _tags_of(scan: Scan, hooks: list[Webhook]) -> QuerySet[Tag]:
    """Return the tags on the image where somebody listens and the scan counts.

    The namespaces take turns, so that no tenant's many tags hide another's few.
    """
    holds = Q(
        repository__held_manifests__manifest=scan.manifest_id,
        repository__held_manifests__gone_at__isnull=True,
    )
    points = Q(manifest=scan.manifest_id) | Q(
        manifest__children__child=scan.manifest_id
    )
    rows = Tag.objects.filter(holds, points, repository__deleted_at__isnull=True)
    if scan.trusted_repository_id is not None:
        rows = rows.filter(repository=scan.trusted_repository_id)
    if scan.trusted_namespace_id is not None:
        rows = rows.filter(repository__namespace=scan.trusted_namespace_id)
    if not any(hook.is_global for hook in hooks):
        rows = rows.filter(
            Q(repository__in=[hook.repository_id for hook in hooks])
            | Q(repository__namespace__in=[hook.namespace_id for hook in hooks])
        )
    turn = Window(RowNumber(), partition_by="repository__namespace", order_by="id")
    named = Tag.objects.filter(pk__in=rows.values("pk")).annotate(turn=turn)
    return named.select_related("repository__namespace").order_by("turn", "id")[
        :MOST_TAGS
    ]


def _listens(hook: Webhook, repository: Repository) -> bool:
    here = (hook.repository_id, hook.namespace_id)
    return hook.is_global or (
        here in {(repository.pk, None), (None, repository.namespace_id)}
    )


def _told(said: Callable[[], dict[str, Any]]) -> Callable[[], Told]:
    return lambda: Told(said())
