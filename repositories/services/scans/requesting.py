"""Ask for scans: one row for each scanner and platform, and no second one beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from accounts.access import Action
from accounts.models import User
from accounts.permissions import require
from accounts.services import audit
from repositories.models import Manifest, Repository, Scan, Scanner, Tag
from repositories.services.image_config import CONFIG_TYPES
from repositories.services.manifests import runnable
from repositories.services.scans.batches import batched
from repositories.signals import scan_requested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet

    from accounts.access import Actor

BATCH = 500
AT_ONCE = 20  # scans started at once that nobody pushed for


def request(
    *,
    actor: Actor,
    repository: Repository,
    manifest: Manifest,
    trigger: Scan.Trigger = Scan.Trigger.MANUAL,
) -> list[Scan]:
    """Scan an image anew, for an index each platform; needs push, as in MSR.

    Returns the scans that are open now, those that were open before included; none
    where no scanner is enabled, or nothing in it is an image.
    """
    require(actor, Action.PUSH, repository)
    by = actor.user if isinstance(actor.user, User) else None
    audit.record(
        actor=actor,
        action="scan",
        subject=repository,
        namespace=repository.namespace,
        after={"digest": manifest.digest},
    )
    return want(
        repository=repository, manifest=manifest, trigger=trigger, by=by, again=True
    )


def want_many(
    *, tags: QuerySet[Tag], trigger: Scan.Trigger, by: User | None = None
) -> None:
    """Queue scans of the images that tags point to, in bulk; the sweeper starts them.

    Checks no rights: the portal asks for itself.
    """
    for repository in _repositories(tags):
        scanners = Scanner.objects.of(repository)
        here = tags.filter(repository=repository)
        images = Manifest.objects.filter(tags__in=here).distinct().defer("raw")
        for some in batched(images.order_by("id").iterator(chunk_size=BATCH), BATCH):
            _queue_many(repository, some, scanners, trigger, by)


def _repositories(tags: QuerySet[Tag]) -> Iterator[Repository]:
    rows = Repository.objects.filter(tags__in=tags).distinct()
    return rows.select_related("namespace").iterator(chunk_size=BATCH)


def _queue_many(
    repository: Repository,
    manifests: Iterable[Manifest],
    scanners: Iterable[Scanner],
    trigger: Scan.Trigger,
    by: User | None,
) -> None:
    images = [one for top in manifests for one in runnable(repository, top)]
    rows = [
        _row(repository, image, scanner, trigger, by)
        for scanner in scanners
        for image in images
        if image.config_media_type in CONFIG_TYPES
    ]
    # Those that have an open scan already are left out, by the database.
    Scan.objects.bulk_create(rows, ignore_conflicts=True)


def want(
    *,
    repository: Repository,
    manifest: Manifest,
    trigger: Scan.Trigger,
    by: User | None = None,
    again: bool = False,
) -> list[Scan]:
    """Queue what the repository's scanners have not scanned, with `again` all of it.

    Checks no rights: the portal asks for itself.
    """
    scanners = Scanner.objects.of(repository)
    return [
        scan
        for image in runnable(repository, manifest)
        if image.config_media_type in CONFIG_TYPES
        for scanner in scanners
        if again or not _is_scanned(image, scanner)
        for scan in _queue(repository, image, scanner, trigger, by)
    ]


def _is_scanned(image: Manifest, scanner: Scanner) -> bool:
    rows = Scan.objects.filter(manifest=image, origin=scanner.name, is_current=True)
    return rows.exists()


def _queue(
    repository: Repository,
    image: Manifest,
    scanner: Scanner,
    trigger: Scan.Trigger,
    by: User | None,
) -> list[Scan]:
    """Return the open scan of an image by a scanner, made now if there was none."""
    try:
        with transaction.atomic():
            scan = _row(repository, image, scanner, trigger, by)
            scan.save()
            if trigger == Scan.Trigger.PUSH or _is_quiet():
                scan_requested.send(sender=Scan, scan_id=scan.pk)
    except IntegrityError:
        rows = Scan.objects.open().filter(manifest=image, origin=scanner.name)
        return list(rows)
    return [scan]


def _is_quiet() -> bool:
    """Tell whether few scans are open that nobody pushed for.

    Beyond these the sweeper starts them, some at a time: whoever asks for very many
    does not keep those waiting who push.
    """
    others = Scan.objects.open().exclude(trigger=Scan.Trigger.PUSH)
    return len(others.values_list("pk")[: AT_ONCE + 1]) <= AT_ONCE


def _row(
    repository: Repository,
    image: Manifest,
    scanner: Scanner,
    trigger: Scan.Trigger,
    by: User | None,
) -> Scan:
    return Scan(
        manifest=image,
        repository=repository,
        scanner=scanner,
        origin=scanner.name,
        trusted_namespace=scanner.namespace,
        trigger=trigger,
        requested_by=by,
    )
