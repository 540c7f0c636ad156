"""Narrow a list of tags to those whose images are scanned, or are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from repositories.models import Scan

if TYPE_CHECKING:
    from repositories.models import Repository
    from repositories.querysets import TagQuerySet


def promoted(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Return those that a promotion brought."""
    del repository
    return tags.filter(promotion_uuid__isnull=False)


def under_way(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Return those of which some image is being scanned, or will be."""
    return tags.filter(_is_open(repository))


def scanned(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Return those of which some image was scanned, and none is now."""
    answered = _has(repository, is_current=True)
    return tags.filter(answered).exclude(_is_open(repository))


def failed(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Return those whose scans failed, without another that counts."""
    rest = tags.exclude(_has(repository, is_current=True))
    broken = _has(repository, state=Scan.State.FAILED)
    return rest.filter(broken).exclude(_is_open(repository))


def unscanned(tags: TagQuerySet, repository: Repository) -> TagQuerySet:
    """Return those that nobody ever scanned."""
    return tags.exclude(_has(repository))


def _is_open(repository: Repository) -> Q:
    return _has(repository, state__in=(Scan.State.QUEUED, Scan.State.RUNNING))


def _has(repository: Repository, **values: Any) -> Q:
    """Return the condition "such a scan is shown, of the image or of a platform"."""
    scans = Scan.objects.shown_in(repository).filter(**values)
    own = Exists(scans.filter(manifest=OuterRef("manifest")))
    below = Exists(scans.filter(manifest__parents__index=OuterRef("manifest")))
    return Q(own) | Q(below)
