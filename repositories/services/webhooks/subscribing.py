"""Subscribe: create, change, pause, resume and delete webhooks, make new secrets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Action, TokenScope
from accounts.models import Namespace, User
from accounts.permissions import require, require_administrator
from accounts.services import audit
from repositories.models import EventType, Repository, Webhook
from repositories.models.webhook import OF_REPOSITORIES
from repositories.outbound import OutboundError
from repositories.services import outbound
from repositories.signals import delivery_wanted
from repositories.validators import validate_certificate

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.access import Actor

    Scope = Repository | Namespace | None
    """Where events are listened to; None is everywhere."""

MAX_WEBHOOKS = 50  # of one repository, of one namespace, and of the whole registry
SECRET_BYTES = 32
PURPOSE, TENANTS_PURPOSE = "webhook", "tenant-webhook"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be told, where, and how; a `ca_certificate` is PEM.

    The same `request_id` twice is one webhook, the first; it becomes its UUID. With
    `is_narrow` it is told what its own namespace holds, whatever its author sees.
    """

    type: str
    endpoint: str
    format: str = Webhook.Format.MSR
    ca_certificate: str = ""
    request_id: UUID | None = None
    is_narrow: bool = False


def create(*, actor: Actor, scope: Scope, draft: Draft) -> Webhook:
    """Subscribe to a repository, a namespace, or with None to everything.

    Needs admin there, else an administrator. The row returned has its secret, which
    nobody is shown again. Raises ValidationError.
    """
    _require(actor, scope)
    request_id = draft.request_id or uuid4()
    _refuse_second(request_id)
    row = Webhook(
        uuid=request_id,
        author=_person(actor),
        limited_to_id=_limit(actor, scope, is_narrow=draft.is_narrow),
        repository=scope if isinstance(scope, Repository) else None,
        namespace=scope if isinstance(scope, Namespace) else None,
        type=draft.type,
        endpoint=draft.endpoint.strip(),
        format=draft.format,
        ca_certificate=draft.ca_certificate.strip(),
        secret=_new_secret(),
    )
    _validate(actor, row)
    try:
        with transaction.atomic():
            row.save()
            _record(actor, "create", row, after=_shown(row))
    except IntegrityError:
        _refuse_second(request_id)
        raise
    return row


def _refuse_second(request_id: UUID) -> None:
    if Webhook.objects.filter(uuid=request_id).exists():
        message = "The form was sent twice; the webhook is made, and listed here."
        raise ValidationError(message, code="sent_twice")


def update(*, actor: Actor, webhook: Webhook, ca_certificate: str) -> Webhook:
    """Let another authority vouch for the receiver; needs the right to create it."""
    _require(actor, scope_of(webhook))
    webhook.ca_certificate = ca_certificate.strip()
    _validate_certificate(webhook.ca_certificate)
    with transaction.atomic():
        webhook.save(update_fields=["ca_certificate"])
        _record(actor, "update", webhook, after=_shown(webhook))
    return webhook


def pause(*, actor: Actor, webhook: Webhook) -> None:
    """Send nothing from now on; no error where it is paused. Needs the same right."""
    _require(actor, scope_of(webhook))
    set_paused(actor=actor, webhook=webhook, why=Webhook.Pause.PERSON)


def set_paused(*, actor: Actor, webhook: Webhook, why: Webhook.Pause) -> None:
    """Pause, for a reason. Checks no right: the portal does it for itself, too."""
    values = {"pause": why, "paused_at": timezone.now()}
    with transaction.atomic():
        if Webhook.objects.active().filter(pk=webhook.pk).update(**values):
            _record(actor, "pause", webhook, after={"why": why.value})
    webhook.refresh_from_db(fields=["pause", "paused_at"])


def resume(*, actor: Actor, webhook: Webhook) -> None:
    """Send again, what was left included; no error where it is not paused.

    Who lets it go on takes it over, so that a receiver is told no more than they see;
    from an author who still may, administrators do not. Needs the right to create it.
    """
    scope = scope_of(webhook)
    _require(actor, scope)
    values: dict[str, Any] = {"pause": "", "paused_at": None, "failures": 0}
    if webhook.pause == Webhook.Pause.AUTHOR or not actor.is_administrator:
        limit = _limit(actor, scope, is_narrow=actor.is_administrator)
        values |= {"author": _person(actor), "limited_to": limit}
    with transaction.atomic():
        rows = Webhook.objects.filter(pk=webhook.pk).exclude(pause="")
        if rows.update(rests_until=None, **values):
            _record(actor, "resume", webhook)
            delivery_wanted.send(sender=Webhook, webhook_id=webhook.pk)
    webhook.refresh_from_db()


def delete(*, actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook with all that was sent to it; needs the right to create it."""
    _require(actor, scope_of(webhook))
    with transaction.atomic():
        _record(actor, "delete", webhook, before=_shown(webhook))
        webhook.delete()


def rotate_secret(*, actor: Actor, webhook: Webhook, keep_previous: bool = True) -> str:
    """Make a new secret and return it, once; the one before signs beside it.

    Without `keep_previous` no former secret does, as where it became known. Needs the
    right to create the webhook.
    """
    _require(actor, scope_of(webhook))
    with transaction.atomic():
        row = Webhook.objects.select_for_update().get(pk=webhook.pk)
        row.previous_secret = row.secret if keep_previous else ""
        row.secret = _new_secret()
        row.save(update_fields=["secret", "previous_secret"])
        kept = {"keeps the one before": keep_previous}
        _record(actor, "rotate secret", webhook, after=kept)
    return row.secret


def scope_of(webhook: Webhook) -> Scope:
    """Return the repository or namespace of a webhook; None for all."""
    return webhook.repository or webhook.namespace


def purpose_of(scope: Scope) -> str:
    """Return the word under which the operator allows the receiver's address."""
    return PURPOSE if scope is None else TENANTS_PURPOSE


def validate_endpoint(actor: Actor, scope: Scope, endpoint: str) -> None:
    """Refuse an address that would not be called; it is checked again at each call."""
    try:
        outbound.client().check(purpose_of(scope), endpoint)
    except OutboundError as error:
        told = error.detail if actor.is_administrator else str(error)
        raise ValidationError({"endpoint": told}, code="address_refused") from error


def origin_of(endpoint: str) -> str:
    """Return scheme, host and port: the rest of an address may be a secret.

    Asked of addresses that nobody checked: "" for one that cannot be read.
    """
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _limit(actor: Actor, scope: Scope, *, is_narrow: bool) -> int | None:
    """Return the key of the only namespace whose names are told; None for all."""
    if scope is None or not is_narrow:
        return actor.namespace_limit
    return scope.namespace_id if isinstance(scope, Repository) else scope.pk


def _require(actor: Actor, scope: Scope) -> None:
    if scope is None:
        require_administrator(actor)
    else:
        require(actor, Action.ADMIN, scope)


def _person(actor: Actor) -> User:
    if not isinstance(actor.user, User) or not actor.may_use(TokenScope.ADMIN):
        message = "A webhook belongs to an account; sign in as one."
        raise ValidationError(message)
    return actor.user


def _validate(actor: Actor, row: Webhook) -> None:
    scope = scope_of(row)
    if row.type in OF_REPOSITORIES and isinstance(scope, Repository):
        message = f"{row.type} is of a namespace; give its name as the key."
        raise ValidationError({"type": message}, code="wrong_key")
    row.full_clean(
        exclude=["secret", "author", "repository", "namespace", "limited_to"],
        validate_unique=False,
        validate_constraints=False,
    )
    _validate_certificate(row.ca_certificate)
    validate_endpoint(actor, scope, row.endpoint)
    same = Webhook.objects.filter(repository=row.repository, namespace=row.namespace)
    if same.count() >= MAX_WEBHOOKS:
        message = f"There are {MAX_WEBHOOKS} webhooks here already; delete one first."
        raise ValidationError(message, code="too_many_webhooks")


def _validate_certificate(pem: str) -> None:
    try:
        validate_certificate(pem)
    except ValidationError as error:
        raise ValidationError({"tls_cert": error.messages}) from error


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _shown(webhook: Webhook) -> dict[str, Any]:
    """Return what the audit log may keep of a webhook."""
    return {
        "type": EventType(webhook.type).value,
        "of": webhook.scope,
        "receiver": origin_of(webhook.endpoint),
        "format": webhook.format,
        "ca_certificate": bool(webhook.ca_certificate),
    }


def _record(actor: Actor, action: str, webhook: Webhook, **values: Any) -> None:
    repository = webhook.repository
    namespace = repository.namespace if repository else webhook.namespace
    audit.record(
        actor=actor, action=action, subject=webhook, namespace=namespace, **values
    )
