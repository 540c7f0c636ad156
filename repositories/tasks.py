"""Background work of the registry's content: six lines each, one service per task."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from repositories.models import RegistryEvent, Repository, Scan, Webhook
from repositories.registry import InvalidReference, RegistryError
from repositories.services import (
    advisories,
    authorize,
    deletion,
    ingest,
    webhooks,
)
from repositories.services import reconcile as walk
from repositories.services.scans import everything, forgetting, running, trivy
from repositories.services.scans.job import ScanFailed

if TYPE_CHECKING:
    from celery import Task

log = structlog.get_logger()

SWEEP_BATCH = 500
REMATCH_BATCH = 5000  # scans; new images are to be scanned in between
SCAN_BATCH = 20  # few, so that what is pushed meanwhile does not queue behind them
K = TypeVar("K", int, str)


def wake(
    task: Task[[K], None],
    key: K,
    *,
    expires_seconds: float | None = None,
    after_seconds: float | None = None,
) -> None:
    """Enqueue the task for a row on commit, from wherever a write is made.

    A broker that is away undoes nothing: the row is the job, and the sweeper sends
    the message later. The sweeper's own messages expire before it sends them again.
    """
    when = {"expires": expires_seconds, "countdown": after_seconds}
    options = {name: value for name, value in when.items() if value is not None}
    transaction.on_commit(partial(_send, task, key, options))


def _send(task: Task[[K], None], key: K, options: dict[str, Any]) -> None:
    try:
        if options:
            task.apply_async((key,), **options)
        else:
            task.delay(key)
    except OperationalError as error:
        log.warning("broker_unreachable", task=task.name, reason=str(error))


@shared_task
def process_event(event_id: str) -> None:
    """Work on one event of the inbox, then wake up the next of its tag."""
    for following in ingest.process(event_id=event_id):
        wake(process_event, following)


@shared_task
def sweep_events() -> None:
    """Wake workers up for events that a lost message or a dead worker left."""
    due = RegistryEvent.objects.due().next_of_their_tag().order_by("id")
    for event_id in due.values_list("event_id", flat=True)[:SWEEP_BATCH]:
        wake(process_event, event_id, expires_seconds=settings.SWEEP_PERIOD)
    if walk.is_wanted():
        reconcile.delay()


@shared_task
def reconcile() -> None:
    """Walk the registry for pushes whose notification never came."""
    try:
        walk.reconcile()
    except walk.AlreadyRunning:
        log.info("reconcile_runs_already")
    except (walk.BrakeEngaged, RegistryError) as error:
        log.warning("reconcile_stopped", reason=str(error))


@shared_task
def run_scan(scan_id: int) -> None:
    """Run one scan; ask an adapter again when it said that it will be ready."""
    seconds = running.run(scan_id=scan_id)
    if seconds is not None:
        wake(run_scan, scan_id, after_seconds=seconds)


@shared_task
def sweep_scans() -> None:
    """Wake workers up for scans that a lost message or a dead worker left."""
    period = settings.SWEEP_PERIOD
    due = Scan.objects.due().most_urgent_first().values_list("pk", flat=True)
    for scan_id in due[:SCAN_BATCH]:
        wake(run_scan, scan_id, expires_seconds=period)
    if everything.is_wanted():
        scan_all.delay()


@shared_task
def scan_all() -> None:
    """Queue the scans of all images, as an administrator asked for."""
    everything.queue_all()


@shared_task
def update_trivy() -> None:
    """Download Trivy's databases anew, where there is a Trivy."""
    if not trivy.is_available():
        return
    try:
        trivy.update_databases()
    except ScanFailed as error:
        log.warning("trivy_not_updated", reason=str(error))


@shared_task
def rematch() -> None:
    """Match scans again that loads of advisories have left, or could not get to."""
    advisories.rematch(most=REMATCH_BATCH)


@shared_task
def forget_scans() -> None:
    """Drop the contents of scans that newer ones replaced, and very old scans."""
    forgetting.forget()


@shared_task
def send_webhook(webhook_id: int) -> None:
    """Send what is next of one webhook, then wake up for what is behind it."""
    if webhooks.send_next(webhook_id=webhook_id):
        wake(send_webhook, webhook_id)


@shared_task
def sweep_webhooks() -> None:
    """Wake workers up for deliveries that are due, that were left or lost."""
    due = Webhook.objects.to_wake().in_turn()
    for webhook_id in due.values_list("pk", flat=True)[:SWEEP_BATCH]:
        wake(send_webhook, webhook_id, expires_seconds=settings.SWEEP_PERIOD)


@shared_task
def forget_deliveries() -> None:
    """Drop what was sent to webhooks long ago."""
    webhooks.forget()


@shared_task
def forget_ci_logins() -> None:
    """Drop what remains of CI logins that are long over."""
    authorize.forget_used()


@shared_task
def purge_deleted() -> None:
    """Remove what the registry still holds of deleted repositories."""
    rows = Repository.objects.filter(deleted_at__isnull=False, purged_at__isnull=True)
    for repository in rows.select_related("namespace"):
        try:
            deletion.purge(repository=repository)
        except (InvalidReference, RegistryError) as error:
            log.warning("purge_stopped", repository=str(repository), reason=str(error))
