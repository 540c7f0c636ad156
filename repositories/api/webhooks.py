"""Webhooks, as MSR has them; beyond it deliveries, formats and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation
from accounts.permissions import require
from repositories.api.lookup import namespace_of, repository_of
from repositories.models import EventType, Webhook
from repositories.models.webhook import MAX_ENDPOINT
from repositories.services import webhooks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from rest_framework.request import Request

    from accounts.access import Actor
    from accounts.models import Namespace
    from repositories.models import Repository

NEVER = "0001-01-01T00:00:00Z"  # how MSR writes that there is no such time
ANY = "any"
NO_SKIPPING = (
    "TLS certificates are always verified; give the certificate of the authority that"
    " vouches for the receiver as tlsCert."
)


class _Receiver(Form):
    """How the receiver is trusted, as MSR's forms have it."""

    tls_cert = serializers.CharField(
        default="", allow_blank=True, allow_null=True, max_length=100_000
    )
    skip_tls_verification = serializers.BooleanField(default=False)

    def validate_skip_tls_verification(self, value: bool) -> bool:  # noqa: FBT001 - the framework's hook
        """Refuse what would let anybody in between listen."""
        if value:
            raise serializers.ValidationError(NO_SKIPPING)
        return value

    def validate_tls_cert(self, value: str | None) -> str:
        """Take null for none, as MSR does."""
        return value or ""


class TrialForm(_Receiver):
    """MSR: forms.WebhookTestPayload; beyond it the format."""

    type = serializers.ChoiceField(EventType.choices)
    endpoint = serializers.CharField(max_length=MAX_ENDPOINT)
    format = serializers.ChoiceField(Webhook.Format.choices, default=Webhook.Format.MSR)


class WebhookForm(TrialForm):
    """MSR: forms.Webhook; `key` is `namespace/repository`, `namespace`, or empty."""

    key = serializers.CharField(default="", allow_blank=True, max_length=300)


class WebhookUpdateForm(_Receiver):
    """MSR: forms.WebhookUpdate."""

    id = serializers.UUIDField()
    inactive = serializers.BooleanField()
    tls_cert = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=100_000
    )


class WebhookQuery(Form):
    """Which types are listed; `any` are all."""

    webhook_type = serializers.ChoiceField([ANY, *EventType.values], default=ANY)


class SecretForm(Form):
    """Whether the secret before signs beside the new one."""

    keep_previous = serializers.BooleanField(default=True)


class WebhookOperation(Operation):
    """An operation on a webhook that the client administers."""

    missing = "NO_SUCH_WEBHOOK"

    def webhook(self, webhook_id: str) -> Webhook:
        """Return a webhook that the client administers; all others look absent."""
        rows = Webhook.objects.administered_by(self.actor).for_listing()
        found = rows.filter(uuid=uuid_of(webhook_id)).first()
        if found is None:
            message = "No webhook of this id is yours to change."
            raise NotFound(message, code=self.missing)
        return found


class WebhookList(WebhookOperation):
    """`/webhooks`."""

    def get(self, _request: Request) -> Response:
        """List the webhooks that the client administers, unpaged."""
        wanted = self.query(WebhookQuery)["webhook_type"]
        rows = Webhook.objects.administered_by(self.actor)
        return Response(_listed(rows if wanted == ANY else rows.filter(type=wanted)))

    def post(self, _request: Request) -> Response:
        """Create a webhook; the answer has its secret, which is not shown again."""
        values = self.body(WebhookForm)
        draft = webhooks.Draft(
            type=values["type"],
            endpoint=values["endpoint"],
            format=values["format"],
            ca_certificate=values["tls_cert"],
        )
        scope = _scope(self.actor, values["key"])
        made = webhooks.create(actor=self.actor, scope=scope, draft=draft)
        return Response({**render(made), "secret": made.secret}, status=201)


class TestWebhook(Operation):
    """`/webhooks/test`."""

    def post(self, _request: Request) -> Response:
        """Send a fixed sample, unsigned, to a receiver; a few times within an hour."""
        values = self.body(TrialForm)
        trial = webhooks.Trial(
            type=values["type"],
            endpoint=values["endpoint"],
            format=values["format"],
            ca_certificate=values["tls_cert"],
        )
        outcome = webhooks.try_out(actor=self.actor, trial=trial)
        told = outcome.detail if self.actor.is_administrator else ""
        if outcome.error:
            message = told or outcome.error
            raise serializers.ValidationError({"endpoint": message})
        return Response({"responseStatus": outcome.status})


class UpdateWebhook(WebhookOperation):
    """`/webhooks/update`."""

    def post(self, _request: Request) -> Response:
        """Pause a webhook or let it go on, and change its certificate.

        MSR answers a list of one.
        """
        values = self.body(WebhookUpdateForm)
        webhook = self.webhook(str(values["id"]))
        if "tls_cert" in values:
            webhooks.update(
                actor=self.actor, webhook=webhook, ca_certificate=values["tls_cert"]
            )
        switch = webhooks.pause if values["inactive"] else webhooks.resume
        switch(actor=self.actor, webhook=webhook)
        return Response([render(self.webhook(str(values["id"])))])


class WebhookDetail(WebhookOperation):
    """`/webhooks/{webhook}`; to read one is an addition of ours."""

    def get(self, _request: Request, webhook_id: str) -> Response:
        """Show one webhook."""
        return Response(render(self.webhook(webhook_id)))

    def delete(self, _request: Request, webhook_id: str) -> Response:
        """Delete a webhook, and what is kept of its deliveries."""
        webhooks.delete(actor=self.actor, webhook=self.webhook(webhook_id))
        return Response(status=204)


class WebhookSecrets(WebhookOperation):
    """`/webhooks/{webhook}/secrets`."""

    def post(self, _request: Request, webhook_id: str) -> Response:
        """Make a new secret; the one before signs beside it, unless told otherwise."""
        webhook = self.webhook(webhook_id)
        keep = self.body(SecretForm)["keep_previous"]
        secret = webhooks.rotate_secret(
            actor=self.actor, webhook=webhook, keep_previous=keep
        )
        return Response({"id": webhook.uuid, "secret": secret}, status=201)


class RepositoryWebhookList(Operation):
    """`/repositories/{namespace}/{reponame}/webhooks`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List the webhooks of a repository, unpaged; for its admins."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        require(self.actor, Action.ADMIN, repository)
        return Response(_listed(repository.webhooks.all()))


class NamespaceWebhookList(Operation):
    """`/accounts/{namespace}/webhooks`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List the webhooks of a namespace, unpaged; for its admins."""
        owner = namespace_of(self.actor, namespace)
        require(self.actor, Action.ADMIN, owner)
        return Response(_listed(owner.webhooks.all()))


def render(webhook: Webhook) -> dict[str, Any]:
    """Return responses.Webhook, and ours beside it; never a secret."""
    return {
        "id": webhook.uuid,
        "type": webhook.type,
        "key": webhook.scope,
        "endpoint": webhook.endpoint,
        "authorID": webhook.author.uuid,
        "createdAt": webhook.created_at,
        "lastSuccessfulAt": webhook.last_success_at or NEVER,
        "inactive": bool(webhook.pause),
        "tlsCert": webhook.ca_certificate,
        "skipTLSVerification": False,
        "format": webhook.format,
        "pausedBecause": webhook.pause,
        "failures": webhook.failures,
        "neverSent": webhook.is_never_sent,
    }


def _listed(rows: QuerySet[Webhook]) -> list[dict[str, Any]]:
    found: Iterable[Webhook] = rows.select_related(
        "author", "namespace", "repository__namespace"
    ).order_by("created_at", "id")
    return [render(row) for row in found]


def _scope(actor: Actor, key: str) -> Repository | Namespace | None:
    """Return what MSR's key means; raises NO_SUCH_REPOSITORY or NO_SUCH_ACCOUNT."""
    if not key:
        return None
    if "/" in key:
        return repository_of(actor, key)
    return namespace_of(actor, key)


def uuid_of(text: str) -> UUID:
    """Return the id; one that cannot be read is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
