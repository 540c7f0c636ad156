"""Try a receiver out, and send again what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.access import Action, TokenScope
from accounts.models import AuditEvent, User
from accounts.permissions import RateLimited, require, require_administrator
from accounts.services import audit
from repositories.models import (
    DeliveryState,
    EventType,
    Webhook,
    WebhookDelivery,
)
from repositories.querysets import IllegalDelivery
from repositories.services.webhooks import bodies
from repositories.services.webhooks.calling import Outcome, call
from repositories.services.webhooks.contents import written
from repositories.services.webhooks.emitting import envelope
from repositories.services.webhooks.subscribing import (
    PURPOSE,
    TENANTS_PURPOSE,
    origin_of,
    scope_of,
)
from repositories.signals import delivery_wanted
from repositories.validators import validate_certificate

if TYPE_CHECKING:
    from accounts.access import Actor

TESTED = "test webhook"
DIGEST = "sha256:" + 64 * "0"


@dataclass(frozen=True, slots=True)
class Trial:
    """A receiver that is not subscribed yet."""

    type: str
    endpoint: str
    format: str = Webhook.Format.MSR
    ca_certificate: str = ""


def try_out(*, actor: Actor, trial: Trial) -> Outcome:
    """Send a sample, unsigned, to an address; no transaction may be open.

    For everybody who has an account, a few times within an hour. Raises RateLimited,
    ValidationError, PermissionDenied.
    """
    person = _person(actor)
    _refuse_flood(person)
    validate_certificate(trial.ca_certificate)
    audit.record(
        actor=actor,
        action=TESTED,
        subject=person,
        namespace=person.namespace,
        after={"receiver": origin_of(trial.endpoint)},
    )
    delivery = _sample(Webhook(type=trial.type, format=trial.format))
    body = bodies.body_of(delivery, delivery.payload, trial.format)
    headers = bodies.headers_of(delivery, body, (), 0)
    purpose = PURPOSE if actor.is_administrator else TENANTS_PURPOSE
    return call(purpose, trial.endpoint, headers, body, trial.ca_certificate)


def send_sample(*, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """Queue a sample for a webhook, once: a test that fails is not repeated.

    Needs the right to create the webhook. Raises RateLimited, and ValidationError
    where it is paused.
    """
    _require(actor, webhook)
    person = _person(actor)
    _refuse_flood(person)
    if webhook.pause:
        message = "It is paused; let it go on first."
        raise ValidationError(message, code="webhook_paused")
    with transaction.atomic():
        audit.record(actor=actor, action=TESTED, subject=webhook)
        delivery = _sample(webhook)
        delivery.save()
        _wake(webhook)
    return delivery


def resend(*, actor: Actor, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send again what was delivered or given up, under the same id.

    Needs the right to create the webhook. What waits is sent now. Raises
    ValidationError where the webhook is paused, or it is being sent.
    """
    webhook = delivery.webhook
    _require(actor, webhook)
    if webhook.pause:
        message = "The webhook is paused; let it go on first."
        raise ValidationError(message, code="webhook_paused")
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    rows = rows.exclude(state=DeliveryState.SENDING)
    values: dict[str, Any] = {"attempts": 0, "due_at": None, "finished_at": None}
    with transaction.atomic():
        waits = rows.filter(state=DeliveryState.PENDING).update(due_at=None)
        try:
            if not waits:
                rows.move_to(DeliveryState.PENDING, **values)
        except IllegalDelivery as error:
            message = "It is being sent at this moment."
            raise ValidationError(message, code="delivery_under_way") from error
        audit.record(
            actor=actor,
            action="resend",
            subject=webhook,
            after={"delivery": str(delivery.uuid)},
        )
        _wake(webhook)
    delivery.refresh_from_db()
    return delivery


def _wake(webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
    delivery_wanted.send(sender=Webhook, webhook_id=webhook.pk)


def _require(actor: Actor, webhook: Webhook) -> None:
    scope = scope_of(webhook)
    if scope is None:
        require_administrator(actor)
    else:
        require(actor, Action.ADMIN, scope)


def _person(actor: Actor) -> User:
    """Return who asks; a token that may change nothing may not send either."""
    if not isinstance(actor.user, User) or not actor.may_use(TokenScope.ADMIN):
        message = "Only an account whose token has the scope “admin” can send tests."
        raise ValidationError(message)
    return actor.user


def _refuse_flood(person: User) -> None:
    limit = settings.WEBHOOK_TESTS_PER_HOUR
    since = timezone.now() - timedelta(hours=1)
    sent = AuditEvent.objects.filter(
        actor_uuid=person.uuid, action=TESTED, created_at__gt=since
    )
    if sent.count() >= limit:
        message = f"You sent {limit} tests within an hour; go on later."
        raise RateLimited(message, retry_after=3600)


def _sample(webhook: Webhook) -> WebhookDelivery:
    payload = sample(webhook.type)
    return WebhookDelivery(
        webhook=webhook, type=webhook.type, payload=payload, is_test=True
    )


def sample(event_type: str) -> dict[str, Any]:
    """Return a fixed payload of a type, of a repository `foo/bar`."""
    now = written(timezone.now())
    contents: dict[str, Any] = {
        "namespace": "foo",
        "repository": "bar",
        "tag": "latest",
        "digest": DIGEST,
        "imageName": f"{settings.REGISTRY_PUBLIC_HOST}/foo/bar:latest",
        "os": "linux",
        "architecture": "amd64",
        "author": "foo",
        "pushedAt": now,
        "test": True,
    }
    place = "/repositories/foo/bar/tags/latest"
    return envelope(EventType(event_type), timezone.now(), contents, place)
