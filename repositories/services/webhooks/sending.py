"""Send what webhooks are to be told: one after the other, under a lease, repeatedly.

A receiver that fails rests, longer after each failure, and one that is slow as long as
it took. Of a namespace's receivers that fail or are slow one is called at a time: those
that work do not wait for those that do not.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.access import SYSTEM
from repositories.models import DeliveryState, Webhook, WebhookDelivery
from repositories.models.delivery import MAX_REQUEST
from repositories.querysets import IllegalDelivery
from repositories.services.image_config import short_text
from repositories.services.webhooks import bodies
from repositories.services.webhooks.calling import Outcome, call
from repositories.services.webhooks.sight import may_listen, seen_by_author
from repositories.services.webhooks.subscribing import (
    purpose_of,
    scope_of,
    set_paused,
)

if TYPE_CHECKING:
    from uuid import UUID

log = structlog.get_logger()

MAX_DELAY_SECONDS = 3600
SLOW = 0.25  # of the time that a receiver has
LOST = Outcome(None, "Every worker that sent it died.")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A delivery that this worker holds."""

    delivery: WebhookDelivery
    lease: UUID

    @property
    def webhook(self) -> Webhook:
        return self.delivery.webhook

    def move_to(self, state: DeliveryState, **fields: Any) -> None:
        """Write under the lease; raises IllegalDelivery where it was lost."""
        rows = WebhookDelivery.objects.filter(pk=self.delivery.pk)
        rows.move_to(state, lease=self.lease, lease_token=None, **fields)


def send_next(*, webhook_id: int) -> bool:
    """Send what is next of one webhook; tell whether there is more to send now.

    Safe to call twice, at the same time, and after a crash at any point: then it is
    sent again, under the same id.
    """
    ready = Webhook.objects.to_wake().for_listing().filter(pk=webhook_id).first()
    if ready is None or _must_wait(ready):
        return False
    if not may_listen(ready):
        set_paused(actor=SYSTEM, webhook=ready, why=Webhook.Pause.AUTHOR)
        return False
    taken = _claim(ready)
    if taken is None:
        return False
    try:
        _attempt(taken)
    except IllegalDelivery:
        log.warning("delivery_lease_lost", delivery=str(taken.delivery.uuid))
        return False
    return Webhook.objects.to_wake().filter(pk=webhook_id).exists()


def _must_wait(webhook: Webhook) -> bool:
    """Tell whether another doubtful receiver of the same place is being tried.

    Doubtful is what failed or was slow last, or never took anything: a namespace
    occupies no more than one worker with such receivers, however many it has.
    """
    works = not webhook.failures and not webhook.is_slow
    if works and webhook.last_success_at:
        return False
    return WebhookDelivery.objects.under_way().of_doubtful_beside(webhook).exists()


def _claim(webhook: Webhook) -> _Taken | None:
    """Take the delivery whose turn it is; None when another worker was faster."""
    rows = WebhookDelivery.objects.due().filter(webhook=webhook)
    delivery = rows.in_turn().first()
    if delivery is None:
        return None
    lease, now = uuid4(), timezone.now()
    seconds = settings.LEASE_SECONDS + 2 * settings.WEBHOOK_TIMEOUT
    try:
        with transaction.atomic():
            rows.filter(pk=delivery.pk).move_to(
                DeliveryState.SENDING,
                lease_token=lease,
                leased_until=now + timedelta(seconds=seconds),
                attempts=F("attempts") + 1,
                sent_at=now,
            )
    except (IllegalDelivery, IntegrityError):
        return None
    delivery.refresh_from_db(fields=["attempts", "sent_at"])
    delivery.webhook = webhook
    return _Taken(delivery, lease)


def _attempt(taken: _Taken) -> None:
    """Call the receiver, with no transaction open, and record what came of it."""
    delivery, webhook = taken.delivery, taken.webhook
    if delivery.attempts > _limit(delivery):
        return _fail(taken, LOST, {})
    payload = seen_by_author(delivery)
    body = bodies.body_of(delivery, payload, webhook.format)
    at = int(timezone.now().timestamp())
    outcome = call(
        purpose_of(scope_of(webhook)),
        webhook.endpoint,
        bodies.headers_of(delivery, body, webhook.secrets, at),
        body,
        webhook.ca_certificate,
    )
    kept = {
        **_kept(outcome),
        "request_body": body[:MAX_REQUEST].decode(errors="ignore"),
    }
    return _fail(taken, outcome, kept) if outcome.error else _succeed(taken, kept)


def _succeed(taken: _Taken, kept: dict[str, Any]) -> None:
    """Let a slow receiver rest, so that others of its namespace have their turn."""
    now, took = timezone.now(), timedelta(milliseconds=kept["milliseconds"])
    is_slow = took.total_seconds() > SLOW * settings.WEBHOOK_TIMEOUT
    with transaction.atomic():
        taken.move_to(DeliveryState.DELIVERED, finished_at=now, **kept)
        Webhook.objects.filter(pk=taken.webhook.pk).update(
            failures=0,
            rests_until=now + took if is_slow else None,
            last_success_at=now,
            is_slow=is_slow,
        )
    log.info("webhook_delivered", delivery=str(taken.delivery.uuid))


def _fail(taken: _Taken, outcome: Outcome, kept: dict[str, Any]) -> None:
    """Try again later, or give up; a test is tried once, and says nothing else."""
    delivery, now = taken.delivery, timezone.now()
    log.warning(
        "webhook_failed", delivery=str(delivery.uuid), status=outcome.status or 0
    )
    with transaction.atomic():
        if delivery.attempts >= _limit(delivery):
            taken.move_to(DeliveryState.FAILED, finished_at=now, **kept)
        else:
            wait = outcome.retry_after or _delay(delivery.attempts)
            due_at = now + timedelta(seconds=wait)
            taken.move_to(DeliveryState.PENDING, due_at=due_at, **kept)
        if not delivery.is_test:
            _note_failure(taken.webhook)


def _note_failure(webhook: Webhook) -> None:
    """Let the receiver rest; pause after too many failures in a row."""
    failures = webhook.failures + 1
    rests_until = timezone.now() + timedelta(seconds=_delay(failures))
    rows = Webhook.objects.filter(pk=webhook.pk)
    rows.update(failures=failures, rests_until=rests_until)
    if failures >= settings.WEBHOOK_ATTEMPTS:
        set_paused(actor=SYSTEM, webhook=webhook, why=Webhook.Pause.FAILURES)


def _limit(delivery: WebhookDelivery) -> int:
    return 1 if delivery.is_test else int(settings.WEBHOOK_ATTEMPTS)


def _delay(attempts: int) -> float:
    """Return the seconds to wait: doubled with each attempt, and never the same."""
    longest = settings.WEBHOOK_RETRY_SECONDS * 2 ** min(attempts - 1, 16)
    jitter = random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, hides nothing
    return float(min(longest, MAX_DELAY_SECONDS) * jitter)


def _kept(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "milliseconds": outcome.milliseconds,
        "response_body": outcome.response,
        "is_private": outcome.is_private,
        "error": short_text(outcome.error, 500),
        "detail": short_text(outcome.detail, 500),
    }
