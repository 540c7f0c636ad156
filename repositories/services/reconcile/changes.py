"""Write what a walk found, one tag at a time, as an event would be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from repositories.models import RegistryEvent, Repository, Tag
from repositories.registry import InvalidManifest, RegistryError, RepositoryName
from repositories.services import deletion, manifests, repositories, tags
from repositories.services.reconcile.compare import digest_of, refusal_id
from repositories.services.registry import client

if TYPE_CHECKING:
    from repositories.registry import Digest
    from repositories.services.reconcile.report import Change, Report


def apply(report: Report, change: Change, *, record_only: bool) -> None:
    """Write one change, unless the inbox has news of the tag or it moved again.

    Raises RegistryError when the registry fails for a while.
    """
    inbox = RegistryEvent.objects.unfinished().filter(
        repository=change.repository, tag=change.tag
    )
    if inbox.exists():
        return
    try:
        if change.digest is None:
            _apply_absence(report, change)
        else:
            _apply_push(report, change, change.digest, record_only=record_only)
    except tags.TagChanged:
        return  # somebody else wrote it while we asked
    except (InvalidManifest, RegistryError) as error:
        if isinstance(error, RegistryError) and error.temporary:
            raise
        _refuse(report, change, str(error))


def _refuse(report: Report, change: Change, why: str) -> None:
    """Keep in the inbox that the manifest is refused, so as not to try at each walk."""
    report.refused.append(f"{change.repository}:{change.tag}: {why}")
    event = RegistryEvent(
        event_id=refusal_id(change),
        action="walk",
        repository=change.repository,
        tag=change.tag,
        payload={"digest": str(change.digest)},
        state=RegistryEvent.State.DONE,
        error=why[:500],
        finished_at=timezone.now(),
    )
    RegistryEvent.objects.bulk_create(
        [event],
        update_conflicts=True,
        unique_fields=["event_id"],
        update_fields=["error", "finished_at"],
    )


def _apply_push(
    report: Report, change: Change, digest: Digest, *, record_only: bool
) -> None:
    repository = _repository(change.repository)
    if repository is None:
        return
    version = tags.version_of(repository, change.tag)
    if digest_of(change.repository, change.tag) != digest:
        return
    manifest = manifests.store(repository=repository, digest=digest, client=client())
    seen = tags.Sighting(
        tag=change.tag,
        moved_at=timezone.now(),
        expected_version=version,
        is_baseline=record_only,
    )
    if deletion.is_placeholder(manifest):
        deletion.finish_deletion(repository=repository, placeholder=manifest)
        tags.record_deletion(repository=repository, seen=seen)
        report.removed += 1
        return
    tags.record_move(repository=repository, manifest=manifest, seen=seen)
    report.recorded += 1


def _repository(full_name: str) -> Repository | None:
    """Return the repository; adopt it, private, when it is not known yet."""
    name = RepositoryName.parse(full_name)
    found = Repository.objects.select_related("namespace").named(full_name).first()
    if found is not None:
        return found
    namespace = Namespace.objects.get(name=name.namespace)
    return repositories.adopt(actor=SYSTEM, namespace=namespace, name=name.name)


def _apply_absence(report: Report, change: Change) -> None:
    """Believe that a tag is gone on the second walk that misses it, not before."""
    tag = Tag.objects.filter(
        repository__in=Repository.objects.named(change.repository), name=change.tag
    ).first()
    if tag is None or digest_of(change.repository, change.tag) is not None:
        return
    if tag.missed_at is None:
        rows = Tag.objects.filter(pk=tag.pk, version=tag.version)
        rows.update(missed_at=timezone.now())
        report.missed += 1
        return
    if not report.tags:
        return  # nothing at all could be read: no proof that anything is gone
    seen = tags.Sighting(
        tag=tag.name, moved_at=timezone.now(), expected_version=tag.version
    )
    tags.record_deletion(repository=tag.repository, seen=seen)
    report.removed += 1
