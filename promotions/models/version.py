"""The immutable versions of a policy, which say what it does."""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from promotions.rules import (
    CompiledRules,
    Options,
    Unlicensed,
    Unscored,
    compile_rules,
    parse_rules,
)
from promotions.rules.repository_pattern import TargetPattern
from promotions.validators import (
    validate_rules,
    validate_source_pattern,
    validate_tag_template,
    validate_target_pattern,
    validate_zone,
)
from repositories.models import Repository
from repositories.validators import validate_repository_name

COMPILED_KEPT = 20_000


@lru_cache(maxsize=COMPILED_KEPT)
def _compiled(rules: str, options: Options) -> CompiledRules:
    """Compile once per process: it takes a hundred times as long as asking."""
    return compile_rules(parse_rules(json.loads(rules)), options)


class PolicyVersion(PublicModel):
    """One saved form of a policy. Never changed: every save makes the next version.

    The source is a repository or a pattern over `namespace/name`, the target a name or
    a pattern with `{namespace}` and `{repository}` of the source.
    """

    class OnMovedTag(models.TextChoices):
        """What to do with a push whose tag has moved on before it was promoted."""

        LATEST_ONLY = "latest_only", "promote only where the tag still points to it"
        EVERY_PUSH = "every_push", "promote every push"

    class OnConflict(models.TextChoices):
        """What to do when the target tag exists and points to another image."""

        OVERWRITE = (
            "overwrite",
            "the tag moves; one made from the time gets a suffix instead",
        )
        REPLACE = "replace", "the tag moves, also one made from the time"
        REFUSE = "refuse", "the image is not promoted"
        KEEP_BOTH = "keep_both", "the new image gets the tag with a suffix"

    class Evidence(models.TextChoices):
        """What evidence with a gap means to a rule."""

        WAIT = "wait", "wait for better evidence"
        IGNORE = "ignore", "leave it out"

    class Exceptions(models.TextChoices):
        """Whose hidden vulnerabilities do not count."""

        SOURCE = "source", "those hidden where the image comes from"
        TARGET = "target", "those hidden by admins of the target only"

    policy = models.ForeignKey(
        "PromotionPolicy", on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    source_repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, null=True, related_name="policy_versions"
    )
    source_pattern = models.CharField(
        max_length=300, blank=True, validators=(validate_source_pattern,)
    )
    rules: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True, validators=(validate_rules,)
    )
    target_namespace = models.ForeignKey(
        Namespace,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="In which all targets lie; empty when there is no such one.",
    )
    target_name = models.CharField(
        max_length=200, blank=True, validators=(validate_repository_name,)
    )
    target_pattern = models.CharField(
        max_length=300, blank=True, validators=(validate_target_pattern,)
    )
    tag_template = models.CharField(max_length=255, validators=(validate_tag_template,))
    zone = models.CharField(max_length=64, default="UTC", validators=(validate_zone,))
    on_moved_tag = models.CharField(
        max_length=12, choices=OnMovedTag, default=OnMovedTag.LATEST_ONLY
    )
    on_conflict = models.CharField(
        max_length=10, choices=OnConflict, default=OnConflict.OVERWRITE
    )
    unscored = models.CharField(
        max_length=6,
        choices=Evidence,
        default=Evidence.WAIT,
        help_text="Vulnerabilities without a severity, where a rule counts severities.",
    )
    unlicensed = models.CharField(
        max_length=6,
        choices=Evidence,
        default=Evidence.WAIT,
        help_text="Components without a license, where a rule excludes licenses.",
    )
    allow_unscannable = models.BooleanField(
        default=False, help_text="Rules about what no scanner can see count as met."
    )
    origins: models.JSONField[Any, list[str]] = models.JSONField(
        default=list,
        blank=True,
        help_text="Origins of uploaded reports and own scanners whose results count.",
    )
    exceptions_of = models.CharField(
        max_length=6, choices=Exceptions, default=Exceptions.SOURCE
    )
    allow_public_target = models.BooleanField(
        default=False, help_text="Images of private repositories may become public."
    )
    allow_cycle = models.BooleanField(
        default=False, help_text="An administrator knows that it loops."
    )
    initial_evaluation = models.BooleanField(
        default=False,
        help_text="Asked to look at the tags that exist, once both sides agree.",
    )
    was_proposed = models.BooleanField(
        default=False,
        help_text="Saved by somebody who does not speak for the target.",
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
            models.CheckConstraint(
                condition=Q(source_repository__isnull=False, source_pattern="")
                | (Q(source_repository__isnull=True) & ~Q(source_pattern="")),
                name="policy_version_has_one_source",
            ),
            models.CheckConstraint(
                condition=(
                    Q(target_namespace__isnull=False, target_pattern="")
                    & ~Q(target_name="")
                )
                | (Q(target_name="") & ~Q(target_pattern="")),
                name="policy_version_has_one_target",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.source} → {self.target}"

    @property
    def criteria(self) -> list[str]:
        """The rules in words, a line each; none when every tag matches."""
        return [rule.words for rule in parse_rules(self.rules)]

    @cached_property
    def compiled(self) -> CompiledRules:
        """The rules ready to be asked: a version never changes."""
        options = Options(
            unscored=Unscored(self.unscored),
            unlicensed=Unlicensed(self.unlicensed),
            allow_unscannable=self.allow_unscannable,
        )
        return _compiled(json.dumps(self.rules), options)

    @property
    def source(self) -> str:
        """The OCI name of the source, or the pattern over such names."""
        return self.source_pattern or str(self.source_repository)

    @property
    def target(self) -> str:
        """The OCI name of the target, which may not exist yet, or its pattern."""
        if self.target_pattern or self.target_namespace is None:
            return self.target_pattern
        return f"{self.target_namespace.name}/{self.target_name}"

    def target_for(self, source: Repository) -> str:
        """Return the OCI name that images of `source` go to; it may not exist yet.

        Raises InvalidPattern where the pattern makes no legal name of this source.
        """
        if not self.target_pattern:
            return self.target
        names = {"namespace": source.namespace.name, "repository": source.name}
        return TargetPattern.parse(self.target_pattern).render(**names)
