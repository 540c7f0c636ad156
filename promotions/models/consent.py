"""Who agreed to which version of a policy."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel, User
from promotions.models.version import PolicyVersion


class PolicyConsent(PublicModel):
    """One side's answer to one version of a policy; without a row it is yet to come.

    A policy runs on the consents of its source and its target, each given by somebody
    who was an admin there, and withdrawable by any admin there.
    """

    class Side(models.TextChoices):
        """The end of the policy that answers."""

        SOURCE = "source"
        TARGET = "target"

    class Answer(models.TextChoices):
        """What that side says."""

        GIVEN = "given", "agreed"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="consents"
    )
    side = models.CharField(max_length=6, choices=Side)
    answer = models.CharField(max_length=9, choices=Answer)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: the portal itself, at set-up.",
    )
    decided_at = models.DateTimeField()
    comment = models.CharField(max_length=500, blank=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("policy_version", "side"), name="one_consent_per_side"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.policy_version}: {self.side} {self.answer}"
