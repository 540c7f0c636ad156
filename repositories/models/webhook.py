"""Webhooks: who wants to be told of what, and where."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.access import Actor
from accounts.models import EncryptedTextField, Namespace, PublicModel, User
from repositories.models.repository import Repository
from repositories.querysets import WebhookQuerySet

MAX_ENDPOINT = 2000


class EventType(models.TextChoices):
    """What a webhook is told of, in MSR's words; the last of them are ours."""

    TAG_PUSH = "TAG_PUSH", "a tag was pushed"
    TAG_DELETE = "TAG_DELETE", "a tag was deleted"
    MANIFEST_PUSH = "MANIFEST_PUSH", "a manifest was pushed"
    MANIFEST_DELETE = "MANIFEST_DELETE", "a manifest was deleted"
    SCAN_COMPLETED = "SCAN_COMPLETED", "a scan ended"
    SCAN_FAILED = "SCAN_FAILED", "a scan failed"
    PROMOTION = "PROMOTION", "an image was promoted from here"
    PROMOTION_FAILED = "PROMOTION_FAILED", "a promotion from here failed"
    PROMOTION_WAITING = "PROMOTION_WAITING", "a promotion from here waits"
    REPO_EVENT = "REPO_EVENT", "a repository was created, changed or deleted"
    REPO_CREATED = "REPO_CREATED", "a repository was created"
    REPO_UPDATED = "REPO_UPDATED", "a repository was changed"
    REPO_DELETED = "REPO_DELETED", "a repository was deleted"
    TAG_PULL = "TAG_PULL", "a tag was pulled (never sent)"
    MANIFEST_PULL = "MANIFEST_PULL", "a manifest was pulled (never sent)"
    PUSH_MIRRORING = "PUSH_MIRRORING", "an image was mirrored away (never sent)"
    POLL_MIRRORING = "POLL_MIRRORING", "an image was mirrored here (never sent)"
    SCANNER_UPDATE_COMPLETED = (
        "SCANNER_UPDATE_COMPLETED",
        "a scanner was updated (never sent)",
    )


# Of the life of repositories: they belong to a namespace, not to a repository.
OF_REPOSITORIES = frozenset(
    {
        EventType.REPO_EVENT,
        EventType.REPO_CREATED,
        EventType.REPO_UPDATED,
        EventType.REPO_DELETED,
    }
)
# Accepted, so that scripts written for MSR go on, though nothing tells of these here.
NEVER_SENT = frozenset(
    {
        EventType.TAG_PULL,
        EventType.MANIFEST_PULL,
        EventType.PUSH_MIRRORING,
        EventType.POLL_MIRRORING,
        EventType.SCANNER_UPDATE_COMPLETED,
    }
)


class Webhook(PublicModel):
    """One subscription: a type of event, in a repository, a namespace or everywhere.

    It sees no more than its author may see when something is sent. Two secrets sign
    each call, so that a receiver can change from one to the other in its own time.
    """

    class Format(models.TextChoices):
        """How the body is written."""

        MSR = "msr", "MSR's envelope"
        CLOUDEVENTS = "cloudevents", "CloudEvents 1.0"
        SLACK = "slack", "text for Slack"

    class Pause(models.TextChoices):
        """Why nothing is sent; empty while it is."""

        PERSON = "person", "paused by a person"
        AUTHOR = "author", "its author may not see this any more"
        FAILURES = "failures", "its receiver failed too often"

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="webhooks")
    limited_to = models.ForeignKey(
        Namespace,
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="+",
        help_text="What the token was limited to with which it was made, if it was.",
    )
    type = models.CharField(max_length=24, choices=EventType)
    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, null=True, related_name="webhooks"
    )
    namespace = models.ForeignKey(
        Namespace, on_delete=models.CASCADE, null=True, related_name="webhooks"
    )
    endpoint = models.CharField(max_length=MAX_ENDPOINT)
    ca_certificate = models.TextField(blank=True)
    format = models.CharField(max_length=11, choices=Format, default=Format.MSR)
    secret = EncryptedTextField(editable=False)
    previous_secret = EncryptedTextField(blank=True, editable=False)
    pause = models.CharField(max_length=8, choices=Pause, blank=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Attempts in a row that failed."
    )
    rests_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="After a failure: nothing at all is sent before that.",
    )
    last_success_at = models.DateTimeField(null=True, editable=False)
    is_slow = models.BooleanField(
        default=False,
        editable=False,
        help_text="Its receiver took long to take the last delivery.",
    )

    objects = WebhookQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("type",), condition=Q(pause=""), name="webhook_active"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(repository__isnull=True) | Q(namespace__isnull=True),
                name="webhook_has_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(repository__isnull=True)
                | ~Q(type__in=sorted(OF_REPOSITORIES)),
                name="webhook_of_repositories_has_no_repository",
            ),
            models.CheckConstraint(
                condition=~Q(endpoint="") & ~Q(secret=""),
                name="webhook_has_an_endpoint_and_a_secret",
            ),
            models.CheckConstraint(
                condition=Q(pause="", paused_at__isnull=True)
                | (~Q(pause="") & Q(paused_at__isnull=False)),
                name="webhook_paused_has_a_time",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.type} of {self.scope or 'everything'}"

    @property
    def scope(self) -> str:
        """MSR's key: `namespace/repository`, `namespace`, or "" for everything."""
        return str(self.repository or self.namespace or "")

    @property
    def is_global(self) -> bool:
        return self.repository_id is None and self.namespace_id is None

    @property
    def is_never_sent(self) -> bool:
        """Whether its type is one that MSR has, and nothing here tells of."""
        return self.type in NEVER_SENT

    @property
    def writer(self) -> Actor:
        """Who asks, when it is asked what the webhook may see."""
        return Actor(self.author)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that sign each call, the newest first."""
        return tuple(filter(None, (self.secret, self.previous_secret)))
