"""Walk the registry; feed pushes whose notification was lost through the same steps.

The first complete walk is a baseline: tags are recorded and nothing is promoted. When
more than a set share of the tags would change, the brake stops the walk before anything
is written, and an administrator says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from repositories.models import Registry, RegistryEvent, Repository, Tag
from repositories.registry import (
    Digest,
    InvalidManifest,
    InvalidReference,
    RegistryError,
    RepositoryName,
    TagName,
)
from repositories.services import manifests, repositories, tags
from repositories.services.registry import client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = structlog.get_logger()

BRAKE_FLOOR = 20
LEASE = timedelta(minutes=10)


class BrakeEngaged(Exception):
    """So much would change that an administrator must decide; the text says why."""


class AlreadyRunning(Exception):
    """Another worker walks the registry now."""


@dataclass(frozen=True, slots=True)
class Change:
    """One tag whose row differs from what the registry says; digest None: no tag."""

    repository: str
    tag: str
    digest: Digest | None


@dataclass(slots=True)
class Report:
    """What a walk found and did."""

    repositories: int = 0
    tags: int = 0
    recorded: int = 0
    removed: int = 0
    missed: int = 0
    unmanaged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    is_baseline: bool = False


def reconcile(*, accept: str = "") -> Report:
    """Walk the whole registry once and write what differs.

    `accept` releases the brake for this walk: ``record`` writes the tags without
    promoting anything, ``evaluate`` treats the changes as pushes. Raises
    AlreadyRunning, BrakeEngaged, or RegistryError when the registry cannot be walked.
    """
    registry = _lease()
    try:
        report = _walk(registry)
        if not accept:
            _brake(registry, report)
        record_only = report.is_baseline or accept == "record"
        for change in report.changes:
            _apply(report, change, record_only=record_only)
        _finish(registry, report)
    finally:
        Registry.objects.filter(pk=registry.pk).update(reconcile_leased_until=None)
    log.info(
        "reconciled",
        repositories=report.repositories,
        tags=report.tags,
        recorded=report.recorded,
        removed=report.removed,
        unmanaged=len(report.unmanaged),
    )
    return report


def _lease() -> Registry:
    now = timezone.now()
    free = Q(reconcile_leased_until__isnull=True) | Q(reconcile_leased_until__lt=now)
    rows = Registry.objects.filter(free)
    if not rows.update(reconcile_leased_until=now + LEASE):
        message = "Another walk over the registry is under way."
        raise AlreadyRunning(message)
    return Registry.objects.get()


def _walk(registry: Registry) -> Report:
    """Compare every tag of the registry with its row, without writing."""
    report = Report(is_baseline=registry.baseline_at is None)
    seen: set[str] = set()
    for name in client().iter_repositories():
        seen.add(name)
        if not _is_managed(name):
            report.unmanaged.append(name)
            continue
        report.repositories += 1
        report.changes += _compare(report, name)
        Registry.objects.filter(pk=registry.pk).update(
            reconcile_leased_until=timezone.now() + LEASE
        )
    report.changes += _left_out(seen)
    return report


def _is_managed(name: str) -> bool:
    try:
        parsed = RepositoryName.parse(name)
    except InvalidReference:
        return False
    if not parsed.name or not Namespace.objects.filter(name=parsed.namespace).exists():
        return False
    rows = Repository.objects.filter(namespace__name=parsed.namespace, name=parsed.name)
    return not rows.filter(deleted_at__isnull=False).exists()


def _compare(report: Report, name: str) -> Iterator[Change]:
    known = dict(
        Tag.objects.filter(repository__in=Repository.objects.named(name)).values_list(
            "name", "manifest__digest"
        )
    )
    for tag in client().iter_tags(RepositoryName.parse(name)):
        descriptor = _head(name, tag)
        if descriptor is None:
            continue
        report.tags += 1
        if known.pop(tag, None) != str(descriptor):
            yield Change(name, tag, descriptor)
    _note_found_again(name, still_missed=known)
    for tag in known:
        yield Change(name, tag, None)


def _note_found_again(name: str, *, still_missed: Iterable[str]) -> None:
    rows = Tag.objects.filter(
        repository__in=Repository.objects.named(name), missed_at__isnull=False
    )
    rows.exclude(name__in=list(still_missed)).update(missed_at=None)


def _head(name: str, tag: str) -> Digest | None:
    try:
        reference = TagName.parse(tag)
    except InvalidReference:
        return None
    found = client().head_manifest(RepositoryName.parse(name), reference)
    return found.digest if found else None


def _left_out(seen: set[str]) -> Iterator[Change]:
    """Yield the tags of repositories that the registry's catalog does not name."""
    rows = Tag.objects.filter(repository__deleted_at__isnull=True)
    rows = rows.select_related("repository__namespace")
    for tag in rows.iterator():
        if tag.repository.full_name not in seen:
            yield Change(tag.repository.full_name, tag.name, None)


def _brake(registry: Registry, report: Report) -> None:
    """Stop when too much would change at once: a restore, or the wrong registry."""
    if report.is_baseline:
        return
    known = Tag.objects.filter(repository__deleted_at__isnull=True).count()
    changed = len(report.changes)
    share = changed / max(known, 1)
    if changed < BRAKE_FLOOR and (report.tags or not known):
        return
    if share <= settings.RECONCILE_BRAKE:
        return
    reason = (
        f"{changed} of {known} tags would change. If that is right, run"
        " “manage.py reconcile --accept record” (write, promote nothing) or"
        " “--accept evaluate” (treat the changes as pushes)."
    )
    Registry.objects.filter(pk=registry.pk).update(
        brake=Registry.Brake.ENGAGED, brake_reason=reason, reconcile_wanted_at=None
    )
    log.error("reconcile_brake", changed=changed, known=known)
    raise BrakeEngaged(reason)


def _apply(report: Report, change: Change, *, record_only: bool) -> None:
    """Write one change, unless the inbox has news of the tag or it moved again."""
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
    except (tags.TagChanged, InvalidManifest, RegistryError) as error:
        if isinstance(error, RegistryError) and error.temporary:
            raise
        report.refused.append(f"{change.repository}:{change.tag}: {error}")


def _apply_push(
    report: Report, change: Change, digest: Digest, *, record_only: bool
) -> None:
    name = RepositoryName.parse(change.repository)
    namespace = Namespace.objects.get(name=name.namespace)
    repository = Repository.objects.named(change.repository).first()
    if repository is None:
        repository = repositories.adopt(
            actor=SYSTEM, namespace=namespace, name=name.name
        )
    if repository is None:
        return
    version = tags.version_of(repository, change.tag)
    if _head(change.repository, change.tag) != digest:
        return
    manifest = manifests.store(repository=repository, digest=digest, client=client())
    seen = tags.Sighting(
        tag=change.tag,
        moved_at=timezone.now(),
        expected_version=version,
        is_baseline=record_only,
    )
    tags.record_move(repository=repository, manifest=manifest, seen=seen)
    report.recorded += 1


def _apply_absence(report: Report, change: Change) -> None:
    """Believe that a tag is gone on the second walk that misses it, not before."""
    tag = Tag.objects.filter(
        repository__in=Repository.objects.named(change.repository), name=change.tag
    ).first()
    if tag is None or _head(change.repository, change.tag) is not None:
        return
    if tag.missed_at is None:
        Tag.objects.filter(pk=tag.pk, version=tag.version).update(
            missed_at=timezone.now()
        )
        report.missed += 1
        return
    if not report.tags:
        return  # nothing at all could be read: no proof that anything is gone
    seen = tags.Sighting(
        tag=tag.name, moved_at=timezone.now(), expected_version=tag.version
    )
    tags.record_deletion(repository=tag.repository, seen=seen)
    report.removed += 1


def _finish(registry: Registry, report: Report) -> None:
    now = timezone.now()
    values = {
        "reconciled_at": now,
        "brake": Registry.Brake.RELEASED,
        "brake_reason": "",
    }
    if report.is_baseline:
        values["baseline_at"] = now
    Registry.objects.filter(pk=registry.pk).update(**values)
    Registry.objects.filter(
        pk=registry.pk, reconcile_wanted_at=registry.reconcile_wanted_at
    ).update(reconcile_wanted_at=None, reconcile_reason="")
