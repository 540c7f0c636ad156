"""Compare every tag of the registry with its row; nothing is recorded here."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Namespace
from repositories.models import RegistryEvent, Repository, Tag
from repositories.registry import InvalidReference, RepositoryName, TagName
from repositories.services.reconcile.report import Change
from repositories.services.registry import client, iter_tags
from repositories.validators import validate_repository_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repositories.registry import Digest
    from repositories.services.reconcile.lease import Lease
    from repositories.services.reconcile.report import Report

REFUSED = "refused:"
REFUSED_FOR = timedelta(days=1)


def differences(report: Report, lease: Lease) -> Iterator[Change]:
    """Walk the catalog, and yield one tag after the other whose row differs.

    What was refused a short while ago is left out until its time is over.
    """
    refused = _refused_lately()
    seen: set[str] = set()
    for name in client().iter_repositories():
        seen.add(name)
        if not _is_managed(name):
            report.unmanaged.append(name)
            continue
        report.repositories += 1
        for change in _compare(report, lease, name):
            if refusal_id(change) not in refused:
                yield change
    yield from _left_out(lease, seen)


def digest_of(name: str, tag: str) -> Digest | None:
    """Ask the registry what a tag points to; None when it has no such tag."""
    try:
        reference = TagName.parse(tag)
    except InvalidReference:
        return None
    found = client().head_manifest(RepositoryName.parse(name), reference)
    return found.digest if found else None


def refusal_id(change: Change) -> str:
    """Return the id under which the inbox remembers that this was refused."""
    text = f"{change.repository}:{change.tag}@{change.digest}"
    return REFUSED + hashlib.sha256(text.encode()).hexdigest()


def _refused_lately() -> set[str]:
    rows = RegistryEvent.objects.filter(
        event_id__startswith=REFUSED, finished_at__gt=timezone.now() - REFUSED_FOR
    )
    return set(rows.values_list("event_id", flat=True))


def _is_managed(name: str) -> bool:
    """Tell whether the repository is one of ours, or may become one."""
    namespace, _, rest = name.partition("/")
    try:
        RepositoryName.parse(name)
        validate_repository_name(rest)
    except (InvalidReference, ValidationError):
        return False
    rows = Repository.objects.filter(namespace__name=namespace, name=rest)
    deleted = rows.filter(deleted_at__isnull=False)
    known = Namespace.objects.filter(name=namespace)
    return known.exists() and not deleted.exists()


def _compare(report: Report, lease: Lease, name: str) -> Iterator[Change]:
    rows = Tag.objects.filter(repository__in=Repository.objects.named(name))
    known = dict(rows.values_list("name", "manifest__digest"))
    for tag in iter_tags(RepositoryName.parse(name)):
        lease.renew()
        digest = digest_of(name, tag)
        if digest is None:
            continue
        report.tags += 1
        if known.pop(tag, None) != str(digest):
            yield Change(name, tag, digest)
    _note_found_again(name, still_missed=known)
    for tag in known:
        yield Change(name, tag, None)


def _note_found_again(name: str, *, still_missed: Iterable[str]) -> None:
    rows = Tag.objects.filter(
        repository__in=Repository.objects.named(name), missed_at__isnull=False
    )
    rows.exclude(name__in=list(still_missed)).update(missed_at=None)


def _left_out(lease: Lease, seen: set[str]) -> Iterator[Change]:
    """Yield the tags of repositories that the registry's catalog does not name."""
    rows = Repository.objects.live().filter(tags__isnull=False).distinct()
    for repository in rows.select_related("namespace").iterator():
        if repository.full_name in seen:
            continue
        lease.renew()
        for tag in repository.tags.values_list("name", flat=True):
            yield Change(repository.full_name, tag, None)
