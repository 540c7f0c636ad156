"""Have images scanned anew: what was promoted, and what waits as its scans are old."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from promotions.models import Decision, Watch
from repositories.models import IndexChild, Scan, Tag
from repositories.services.scans import requesting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db.models import QuerySet

BATCH = 200
# Between two scans because of a decision that waits: what a scanner knows may not have
# become any newer.
AGAIN = timedelta(hours=6)


def rescan_promoted() -> int:
    """Queue scans of promoted images whose last is too old; return of how many tags.

    Only what was scanned before: where people scan by hand, it is left to them. What a
    scan was asked for meanwhile, whatever came of it, is not asked for again: so it
    does not matter who else calls this, or how often.
    """
    if not settings.RESCAN_PERIOD:
        return 0
    before = timezone.now() - timedelta(seconds=settings.RESCAN_PERIOD)
    count = 0
    for keys in _promoted():
        due = _due(Tag.objects.filter(pk__in=keys), before)
        tags = Tag.objects.filter(pk__in=list(due.values_list("pk", flat=True)))
        requesting.want_many(tags=tags, trigger=Scan.Trigger.SCHEDULE)
        count += len(tags)
    return count


def _promoted() -> Iterator[list[int]]:
    """Yield the keys of tags that promotions stand on, in bounded batches."""
    last: int | None = 0
    while last is not None:
        watches = Watch.objects.filter(pk__gt=last).order_by("pk")
        some = list(watches.values_list("pk", "promotion__uuid")[:BATCH])
        last = some[-1][0] if len(some) == BATCH else None
        tags = Tag.objects.filter(
            repository__promotions_into__watch__in=[key for key, _ in some],
            promotion_uuid__in=[uuid for _, uuid in some],
            repository__deleted_at__isnull=True,
        )
        yield list(tags.values_list("pk", flat=True).distinct())


def _due(tags: QuerySet[Tag], before: datetime) -> QuerySet[Tag]:
    """Return those of whose image a registered scanner's result is older than that."""
    below = IndexChild.objects.filter(
        _is_old("child", before), index=OuterRef("manifest")
    )
    return tags.filter(_is_old("manifest", before) | Q(Exists(below)))


def _is_old(image: str, before: datetime) -> Q:
    """Return the condition "its scans are old, and no new one was asked for"."""
    scans = Scan.objects.filter(manifest=OuterRef(image), scanner__isnull=False)
    old = scans.filter(is_current=True, finished_at__lt=before)
    return Q(Exists(old)) & ~Q(Exists(_asked_since(scans, before)))


def _asked_since(scans: QuerySet[Scan], time: datetime) -> QuerySet[Scan]:
    """Return the scans that were asked for since a time, or are open still."""
    return scans.filter(Q(created_at__gte=time) | Q(state__in=("queued", "running")))


def rescan_stale(*, limit: int) -> int:
    """Queue scans for decisions that wait because vulnerability evidence is too old.

    An image is not scanned again for it while a scan is open, nor within six hours.
    Returns how many scans are open then.
    """
    now = timezone.now()
    rows = Decision.objects.filter(
        verdict=Decision.Verdict.WAITING, rescan_at__lte=now
    ).order_by("rescan_at")
    moves = rows.select_related(
        "tag_move__repository__namespace", "tag_move__to_manifest"
    )
    due = list(moves.defer("tag_move__to_manifest__raw")[:limit])
    count = 0
    for one in due:
        # Whoever changes the row asks for the scan; others who read it too do not.
        if rows.filter(pk=one.pk).update(rescan_at=now + AGAIN):
            count += _rescan(one, now - AGAIN)
    return count


def _rescan(decision: Decision, before: datetime) -> int:
    move = decision.tag_move
    manifest, repository = move.to_manifest, move.repository
    if manifest is None or repository.deleted_at or _was_scanned(manifest.pk, before):
        return 0
    found = requesting.want(
        repository=repository,
        manifest=manifest,
        trigger=Scan.Trigger.EVIDENCE,
        again=True,
    )
    return len(found)


def _was_scanned(manifest_id: int, since: datetime) -> bool:
    below = IndexChild.objects.filter(index=manifest_id).values("child")
    images = Q(manifest=manifest_id) | Q(manifest__in=below)
    scans = Scan.objects.filter(images, scanner__isnull=False)
    return _asked_since(scans, since).exists()
