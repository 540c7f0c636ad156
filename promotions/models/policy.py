"""Policies, and the immutable versions that say what they do."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from promotions.querysets import PromotionPolicyQuerySet
from promotions.rules import parse_rules
from promotions.validators import (
    validate_rules,
    validate_tag_template,
    validate_zone,
)
from repositories.models import Repository
from repositories.validators import validate_repository_name


class PromotionPolicy(PublicModel):
    """What belongs to a source namespace and decides over the pushes there.

    The policy is an identity and a switch; what it does is in its current version.
    A deleted policy keeps its row, because promotions refer to it.
    """

    source_namespace = models.ForeignKey(
        Namespace, on_delete=models.PROTECT, related_name="promotion_policies"
    )
    enabled = models.BooleanField(default=True)
    current_version = models.OneToOneField(
        "PolicyVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    apply_wanted_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When *Save & Apply* was asked for; empty once it was done.",
    )
    last_promoted_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = PromotionPolicyQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        verbose_name_plural = "promotion policies"
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("source_namespace",),
                condition=models.Q(enabled=True, deleted_at__isnull=True),
                name="policy_enabled",
            ),
        )

    @override
    def __str__(self) -> str:
        return str(self.current_version or self.uuid)


class PolicyVersion(PublicModel):
    """One saved form of a policy. Never changed: every save makes the next version."""

    class OnMovedTag(models.TextChoices):
        """What to do with a push whose tag has moved on before it was promoted."""

        LATEST_ONLY = "latest_only", "promote only where the tag still points to it"
        EVERY_PUSH = "every_push", "promote every push"

    class OnConflict(models.TextChoices):
        """What to do when the tag made from the template exists in the target."""

        SUFFIX = "suffix", "a tag made from the time gets a suffix, others move"
        OVERWRITE = "overwrite", "the tag moves to the new image"
        SKIP = "skip", "the image is not promoted"

    policy = models.ForeignKey(
        PromotionPolicy, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    source_repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, related_name="policy_versions"
    )
    rules: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True, validators=(validate_rules,)
    )
    target_namespace = models.ForeignKey(
        Namespace, on_delete=models.PROTECT, related_name="+"
    )
    target_name = models.CharField(
        max_length=200, validators=(validate_repository_name,)
    )
    tag_template = models.CharField(max_length=255, validators=(validate_tag_template,))
    zone = models.CharField(max_length=64, default="UTC", validators=(validate_zone,))
    on_moved_tag = models.CharField(
        max_length=12, choices=OnMovedTag, default=OnMovedTag.LATEST_ONLY
    )
    on_conflict = models.CharField(
        max_length=10, choices=OnConflict, default=OnConflict.SUFFIX
    )
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("target_namespace", "target_name"), name="policyversion_target"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "number"), name="one_policy_version_per_number"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.source_repository} → {self.target_repository}"

    @property
    def criteria(self) -> list[str]:
        """The rules in words, a line each; none when every tag matches."""
        return [rule.words for rule in parse_rules(self.rules)]

    @property
    def target_repository(self) -> str:
        """The OCI name of the target; the repository itself may not exist yet."""
        return f"{self.target_namespace.name}/{self.target_name}"
