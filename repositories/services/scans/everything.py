"""Scan all that is tagged: wished for at once, queued bit by bit by a worker.

The wish stands in the Registry row until all is queued, so that a worker that dies on
the way, and a message that is lost, cost time only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require_administrator
from accounts.services import audit
from repositories.models import Registry, RegistryJob, Scan, Tag
from repositories.services import registry_jobs
from repositories.services.scans.batches import batched
from repositories.services.scans.requesting import want_many

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.access import Actor

BATCH = 500  # tags


def request_all(*, actor: Actor) -> RegistryJob:
    """Have all tagged images of the registry scanned anew; needs an administrator.

    Returns at once, with the job that waits. Asked for again while it goes on, it
    begins anew.
    """
    require_administrator(actor)
    by = actor.user if isinstance(actor.user, User) else None
    registry = Registry.objects.get()
    with transaction.atomic():
        audit.record(actor=actor, action="scan all", subject=registry)
        Registry.objects.filter(pk=registry.pk).update(
            scan_all_wanted_at=timezone.now(), scan_all_wanted_by=by
        )
        reason = f"Asked for by {actor.name}."
        return registry_jobs.ask(
            action=RegistryJob.Action.SCAN_ALL, reason=reason, by=by
        )


def is_wanted() -> bool:
    """Tell whether it was asked for, and no worker is at it."""
    return _free().exists()


def queue_all() -> None:
    """Queue what was asked for, and not queued since; nothing if others are at it."""
    if not _free().update(scan_all_leased_until=_lease()):
        return
    registry = Registry.objects.select_related("scan_all_wanted_by").get()
    wanted_at = registry.scan_all_wanted_at
    if wanted_at is None:
        return
    with registry_jobs.running(RegistryJob.Action.SCAN_ALL) as record:
        record.report["tags"] = _queue(wanted_at, registry.scan_all_wanted_by)
    # Not if it was asked for again meanwhile.
    done = Registry.objects.filter(scan_all_wanted_at=wanted_at)
    done.update(scan_all_wanted_at=None)
    Registry.objects.update(scan_all_leased_until=None)


def _queue(wanted_at: datetime, by: User | None) -> int:
    """Queue what is left, in batches; return of how many tags."""
    count = 0
    keys = _left(wanted_at).values_list("pk", flat=True).iterator(chunk_size=BATCH)
    for some in batched(keys, BATCH):
        tags = Tag.objects.filter(pk__in=some)
        want_many(tags=tags, trigger=Scan.Trigger.MANUAL, by=by)
        Registry.objects.update(scan_all_leased_until=_lease())
        count += len(some)
    return count


def _left(wanted_at: datetime) -> QuerySet[Tag]:
    """Return the tags of whose image no scan was asked for since, in a fixed order."""
    asked = Scan.objects.filter(manifest=OuterRef("manifest"), created_at__gt=wanted_at)
    tags = Tag.objects.filter(repository__deleted_at__isnull=True)
    return tags.filter(~Exists(asked)).order_by("repository", "pk")


def _free() -> QuerySet[Registry]:
    wanted = Registry.objects.filter(scan_all_wanted_at__isnull=False)
    free = Q(scan_all_leased_until__isnull=True)
    return wanted.filter(free | Q(scan_all_leased_until__lt=timezone.now()))


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
