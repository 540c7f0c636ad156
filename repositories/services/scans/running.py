"""Run one scan as far as it goes: under a lease, until its deadline, a few times."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from repositories.models import Repository, Scan
from repositories.services.image_config import short_text
from repositories.services.scans.backends import backend_of
from repositories.services.scans.job import Job, NotReady, ScanFailed
from repositories.services.scans.recording import LeaseLost, record
from repositories.services.webhooks import telling
from repositories.signals import scan_completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from repositories.querysets import ScanQuerySet
    from repositories.scanning.report import Report

log = structlog.get_logger()

MAX_DELAY_SECONDS = 600
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 1.0, 60.0


def run(*, scan_id: int) -> float | None:
    """Run a scan; return the seconds after which to ask its scanner again, or None.

    None is for a scan that ended, that waits for its next attempt, and that another
    worker has. Safe to call twice, at the same time, and after a crash at any point.
    """
    lease = _claim(scan_id)
    if lease is None:
        return None
    rows = Scan.objects.select_related("manifest", "scanner", "repository__namespace")
    scan = rows.get(pk=scan_id)
    try:
        beat = _lease_keeper(scan, lease)
        report = _report(scan, beat)
        record(scan=scan, report=report, lease=lease, beat=beat)
    except NotReady as error:
        return _ask_later(scan, lease, error)
    except ScanFailed as error:
        _fail(scan, lease, error)
    except LeaseLost:
        log.warning("scan_lease_lost", scan=str(scan.uuid))
    return None


def _claim(scan_id: int) -> UUID | None:
    """Take a scan that is due; None when it is not to be had.

    To ask an adapter again is no new attempt.
    """
    lease, now = uuid4(), timezone.now()
    due = Scan.objects.due().filter(pk=scan_id)
    values = {
        "state": Scan.State.RUNNING,
        "lease_token": lease,
        "leased_until": now + timedelta(seconds=settings.LEASE_SECONDS),
        "started_at": Coalesce("started_at", now),
    }
    if due.filter(remote_id="").update(attempts=F("attempts") + 1, **values):
        return lease
    return lease if due.filter(~Q(remote_id="")).update(**values) else None


def _report(scan: Scan, beat: Callable[[], None]) -> Report:
    """Let the scanner work; raises ScanFailed, NotReady, LeaseLost."""
    if scan.attempts > settings.SCAN_ATTEMPTS:
        message = scan.error or "Every worker that took the scan died of it."
        raise ScanFailed(message)
    if scan.scanner is None or not scan.scanner.is_enabled:
        message = f"The scanner “{scan.origin}” was removed or switched off."
        raise ScanFailed(message)
    repository = _holder(scan)
    if repository is None:
        message = "No repository that it may read holds the image any more."
        raise ScanFailed(message)
    beat()
    with _discreet(repository):
        return backend_of(scan.scanner)(Job(scan, scan.manifest, repository, beat))


@contextmanager
def _discreet(repository: Repository) -> Iterator[None]:
    """Leave out of sentences through whom the image was read, and where.

    Whoever has the same image is shown them; scanners quote what they were given.
    """
    try:
        yield
    except ScanFailed as error:
        text = str(error).replace(repository.full_name, "…")
        for url in (settings.REGISTRY_URL, settings.SCANNER_REGISTRY_URL):
            if place := urlsplit(url).netloc:
                text = text.replace(place, "the registry")
        raise ScanFailed(
            text, temporary=error.temporary, retry_after=error.retry_after
        ) from error


def _holder(scan: Scan) -> Repository | None:
    """Return the repository to read from: the one asked through, if it holds it still.

    A namespace's own scanner reads in that namespace only.
    """
    held = Repository.objects.live().filter(
        held_manifests__manifest=scan.manifest, held_manifests__gone_at__isnull=True
    )
    if scan.trusted_namespace_id is not None:
        held = held.filter(namespace=scan.trusted_namespace_id)
    rows = held.select_related("namespace").order_by("id")
    asked = rows.filter(pk=scan.repository_id or 0).first()
    return asked or rows.first()


def _lease_keeper(scan: Scan, lease: UUID) -> Callable[[], None]:
    """Return what renews the lease every third of its length, until the deadline."""
    renewed = float("-inf")

    def beat() -> None:
        nonlocal renewed
        if scan.ends_by is not None and timezone.now() > scan.ends_by:
            minutes = settings.SCAN_DEADLINE / 60
            message = f"The scan did not end within {minutes:g} minutes."
            raise ScanFailed(message)
        if monotonic() - renewed < settings.LEASE_SECONDS / 3:
            return
        renewed = monotonic()
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        if not _leased(scan, lease).update(leased_until=until):
            raise LeaseLost

    return beat


def _ask_later(scan: Scan, lease: UUID, error: NotReady) -> float:
    """Give the scan back while its scanner works on it: it is due again in a while."""
    seconds = min(max(error.after_seconds, MIN_POLL_SECONDS), MAX_POLL_SECONDS)
    _leased(scan, lease).update(
        remote_id=short_text(error.remote_id, 200),
        lease_token=None,
        leased_until=timezone.now() + timedelta(seconds=seconds),
    )
    return seconds


def _fail(scan: Scan, lease: UUID, error: ScanFailed) -> None:
    """Try again later after a temporary failure; else the scan has failed."""
    message = short_text(str(error), 500)
    log.warning("scan_failed", scan=str(scan.uuid), reason=message)
    if error.temporary and scan.attempts < settings.SCAN_ATTEMPTS:
        delay = error.retry_after or _delay(scan.attempts)
        _leased(scan, lease).update(
            state=Scan.State.QUEUED,
            due_at=timezone.now() + timedelta(seconds=min(delay, MAX_DELAY_SECONDS)),
            lease_token=None,
            remote_id="",
            error=message,
        )
        return
    with transaction.atomic():
        ended = _leased(scan, lease).update(
            state=Scan.State.FAILED,
            finished_at=timezone.now(),
            lease_token=None,
            error=message,
        )
        if ended:
            scan_completed.send(sender=Scan, manifest_id=scan.manifest_id)
            scan.refresh_from_db(fields=["state", "error", "finished_at"])
            telling.scan_ended(scan)


def _delay(attempts: int) -> float:
    """Return the seconds to wait: doubled with each attempt, and never the same."""
    longest = float(settings.RETRY_BASE_SECONDS * 2**attempts)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, hides nothing


def _leased(scan: Scan, lease: UUID) -> ScanQuerySet:
    return Scan.objects.filter(pk=scan.pk, lease_token=lease, state=Scan.State.RUNNING)
