"""CI login without a stored secret: whose tokens are believed, and for which robot."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models.base import PublicModel
from accounts.models.robot import Robot
from accounts.models.user import User

MAX_URL_LENGTH = 300
LIFETIMES = (60, 3600)  # seconds that a CI's access token may live, least and most


class TrustedIssuer(PublicModel):
    """An OIDC issuer that administrators allow trusts on.

    The keys are those that it published when it was last asked.
    """

    url = models.CharField(
        "address",
        max_length=MAX_URL_LENGTH,
        unique=True,
        help_text="What its tokens have as `iss`, to the letter, such as"
        " https://token.actions.githubusercontent.com.",
    )
    immutable_claims = models.JSONField(
        default=list,
        blank=True,
        help_text="Claims that every trust must name exactly, because names are given"
        " to others later, such as repository_id.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    keys = models.JSONField(default=list, editable=False)
    keys_asked_at = models.DateTimeField(null=True, editable=False)
    keys_fetched_at = models.DateTimeField(null=True, editable=False)

    class Meta(PublicModel.Meta):
        constraints = (
            models.CheckConstraint(
                condition=models.Q(url__startswith="https://"),
                name="issuers_are_reached_by_https",
            ),
        )

    @override
    def __str__(self) -> str:
        return self.url


class CITrust(PublicModel):
    """Which of an issuer's tokens are exchanged for an access token of a robot.

    `claims` are patterns by the claim's name; it ends with the person who made it.
    """

    robot = models.ForeignKey(Robot, on_delete=models.CASCADE, related_name="trusts")
    issuer = models.ForeignKey(
        TrustedIssuer, on_delete=models.PROTECT, related_name="trusts"
    )
    claims = models.JSONField()
    scopes = models.JSONField()
    lifetime_seconds = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta(PublicModel.Meta):
        verbose_name = "CI trust"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(lifetime_seconds__range=LIFETIMES),
                name="ci_tokens_live_an_hour_at_most",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.robot} by {self.issuer}"


class UsedAssertion(models.Model):
    """That a token of an issuer was exchanged: each is good once.

    Kept for longer than the token could be used again.
    """

    issuer = models.ForeignKey(
        TrustedIssuer, on_delete=models.CASCADE, related_name="+"
    )
    jti_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issuer", "jti_hash"), name="each_assertion_once"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.issuer}: {self.jti_hash}"
