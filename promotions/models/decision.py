"""What was decided about a push, and on which facts."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from promotions.models.version import PolicyVersion
from promotions.querysets.decisions import DecisionQuerySet
from repositories.models import TagMove


class Evaluation(PublicModel):
    """That the enabled policies were asked about a move of a tag, and which ones.

    What did not match is not stored: it is computed again, on demand, from the
    immutable version and the move.
    """

    class Trigger(models.TextChoices):
        """What caused the evaluation."""

        PUSH = "push"
        APPLY = "apply", "save & apply"
        MANUAL = "manual", "by hand"
        EVIDENCE = "evidence", "new evidence"
        TIME = "time", "the time came"
        CONSENT = "consent"

    tag_move = models.ForeignKey(
        TagMove, on_delete=models.PROTECT, related_name="evaluations"
    )
    trigger = models.CharField(max_length=8, choices=Trigger, default=Trigger.PUSH)
    evidence_version = models.CharField(max_length=64)
    policy_versions: models.JSONField[Any, list[int]] = models.JSONField(default=list)

    @override
    def __str__(self) -> str:
        return f"{self.tag_move}: {len(self.policy_versions)} policies"


class Decision(PublicModel):
    """One policy version's verdict on one move: matched, or waiting for evidence."""

    class Verdict(models.TextChoices):
        """The verdicts that are stored."""

        MATCHED = "matched"
        WAITING = "waiting", "waiting for evidence"

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="decisions"
    )
    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="decisions"
    )
    tag_move = models.ForeignKey(
        TagMove, on_delete=models.PROTECT, related_name="decisions"
    )
    evidence_version = models.CharField(max_length=64)
    verdict = models.CharField(max_length=8, choices=Verdict)
    outcomes: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    facts: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    groups: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, help_text="What the groups of a `matches` rule captured."
    )
    exceptions: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list,
        help_text="The hidden vulnerabilities that did not count, as they were then.",
    )
    reevaluate_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    rescan_at = models.DateTimeField(
        null=True,
        help_text="When its image is next scanned anew, as its scans are too old.",
    )

    objects = DecisionQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("reevaluate_at",),
                condition=models.Q(verdict="waiting"),
                name="decision_to_wake",
            ),
            models.Index(
                fields=("rescan_at",),
                condition=models.Q(verdict="waiting", rescan_at__isnull=False),
                name="decision_to_rescan",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("policy_version", "tag_move", "evidence_version"),
                name="one_decision_per_evidence",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.policy_version}: {self.verdict}"
