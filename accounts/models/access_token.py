"""Access tokens: what programs sign in with instead of a password."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from typing_extensions import override

from accounts.models.base import PublicModel
from accounts.models.namespace import Namespace
from accounts.models.user import User
from accounts.querysets import AccessTokenQuerySet


class AccessToken(PublicModel):
    """A 256-bit secret of which only the SHA-256 is kept.

    The public `prefix` finds the row; the secret is shown once, when it is issued.
    `is_active` can be switched back and forth, `revoked_at` is for good.
    """

    class Origin(models.TextChoices):
        """How it came to be, in MSR's words (`generatedBy`)."""

        USER = "user", "by a person"
        AUTO = "auto", "by the portal, for a CI login"

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="access_tokens"
    )
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    namespace = models.ForeignKey(
        Namespace,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="The only namespace the token is good for; empty means all.",
    )
    is_active = models.BooleanField(default=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    generated_by = models.CharField(
        max_length=4, choices=Origin, default=Origin.USER, editable=False
    )
    trust = models.ForeignKey(
        "accounts.CITrust",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="access_tokens",
        help_text="By which a CI job got it; it ends with the trust.",
    )
    creator_ua = models.CharField(
        "made with",
        max_length=200,
        blank=True,
        editable=False,
        help_text="The User-Agent of the program that asked for it.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    @override
    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
