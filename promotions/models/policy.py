"""Policies: what decides over pushes, and where global ones may act."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from promotions.models.consent import PolicyConsent
from promotions.models.version import PolicyVersion
from promotions.querysets import PromotionPolicyQuerySet
from promotions.validators import KEY_MAX_LENGTH, validate_key


class Standing(models.TextChoices):
    """Whether a policy runs, and what keeps it from running."""

    RUNNING = "running", "running"
    OFF = "off", "switched off"
    PROPOSED = "proposed", "waiting for consent"
    DECLINED = "declined", "declined"
    WITHDRAWN = "withdrawn", "stopped: a consent was withdrawn"


class PromotionPolicy(PublicModel):
    """What decides over the pushes of a repository, a namespace, or the registry.

    The policy is an identity and a switch; what it does is in its current version, the
    last one that both sides agreed to. A newer version that one side has yet to accept
    is the proposed one. A deleted policy keeps its row: promotions refer to it.
    """

    class Scope(models.TextChoices):
        """How much of the registry the policy is asked about; fixed at its creation."""

        REPOSITORY = "repository", "one repository"
        NAMESPACE = "namespace", "the repositories of one namespace"
        GLOBAL = "global", "repositories of any namespace"

    scope = models.CharField(
        max_length=10, choices=Scope, default=Scope.REPOSITORY, editable=False
    )
    source_namespace = models.ForeignKey(
        Namespace,
        on_delete=models.PROTECT,
        null=True,
        related_name="promotion_policies",
        help_text="To which the policy belongs; a global one belongs to none.",
    )
    enabled = models.BooleanField(default=True)
    current_version = models.OneToOneField(
        PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    proposed_version = models.OneToOneField(
        PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    admitted_namespaces: models.ManyToManyField[Namespace, NamespaceAdmission] = (
        models.ManyToManyField(
            Namespace, through="NamespaceAdmission", related_name="+"
        )
    )
    apply_wanted_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When *Save & Apply* was asked for; empty once it was done.",
    )
    last_promoted_at = models.DateTimeField(null=True, editable=False)
    key = models.CharField(
        max_length=KEY_MAX_LENGTH,
        blank=True,
        editable=False,
        validators=(validate_key,),
        help_text="By what files name it; unique in its namespace once it has one.",
    )
    managed_by = models.CharField(
        max_length=KEY_MAX_LENGTH,
        blank=True,
        editable=False,
        help_text="The name of the file that says what it does; empty without one.",
    )
    managed_at = models.DateTimeField(
        null=True, editable=False, help_text="When the file was applied to it last."
    )
    managed_for = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="Who applied the file.",
    )
    managed_enabled = models.BooleanField(
        null=True,
        editable=False,
        help_text="What the file said of the switch, to see whether somebody used it.",
    )
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = PromotionPolicyQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        verbose_name_plural = "promotion policies"
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("source_namespace",),
                condition=Q(enabled=True, deleted_at__isnull=True),
                name="policy_enabled",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(scope="global", source_namespace__isnull=True)
                | (~Q(scope="global") & Q(source_namespace__isnull=False)),
                name="policy_belongs_to_its_namespace",
            ),
            models.UniqueConstraint(
                fields=("source_namespace", "key"),
                condition=Q(deleted_at__isnull=True) & ~Q(key=""),
                name="one_policy_per_key_in_a_namespace",
            ),
            models.UniqueConstraint(
                fields=("key",),
                condition=Q(deleted_at__isnull=True, source_namespace__isnull=True)
                & ~Q(key=""),
                name="one_global_policy_per_key",
            ),
            models.CheckConstraint(
                condition=Q(
                    managed_by="",
                    managed_at__isnull=True,
                    managed_for__isnull=True,
                    managed_enabled__isnull=True,
                )
                | (
                    Q(managed_at__isnull=False, managed_enabled__isnull=False)
                    & ~Q(managed_by="")
                    & ~Q(key="")
                ),
                name="policy_is_managed_whole_or_not",
            ),
        )

    @override
    def __str__(self) -> str:
        return str(self.current_version or self.proposed_version or self.uuid)

    @property
    def shown_version(self) -> PolicyVersion:
        """What the policy does, or would do where nobody agreed to it yet."""
        version = self.current_version or self.proposed_version
        if version is None:
            message = f"The policy {self.uuid} was never saved whole."
            raise PolicyVersion.DoesNotExist(message)
        return version

    @property
    def standing(self) -> Standing:
        """Whether the policy runs, and what keeps it from running.

        Asks for the consents of the current version; `with_consents` loads them.
        """
        if self.current_version is None:
            declined = PolicyConsent.Answer.DECLINED in self._answers(
                self.shown_version
            )
            return Standing.DECLINED if declined else Standing.PROPOSED
        if self._answers(self.current_version) != {PolicyConsent.Answer.GIVEN}:
            return Standing.WITHDRAWN
        return Standing.RUNNING if self.enabled else Standing.OFF

    @staticmethod
    def _answers(version: PolicyVersion) -> set[str]:
        return {consent.answer for consent in version.consents.all()}


class NamespaceAdmission(PublicModel):
    """That an administrator let a global policy act in a namespace its pattern meets.

    A namespace that comes to match later waits for one.
    """

    policy = models.ForeignKey(
        PromotionPolicy, on_delete=models.CASCADE, related_name="admissions"
    )
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    admitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "namespace"), name="one_admission_per_namespace"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.policy} in {self.namespace}"
