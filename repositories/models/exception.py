"""Hidden vulnerabilities: what does not count, where, why, by whom and until when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from repositories.models.repository import Repository
from repositories.querysets import VulnerabilityExceptionQuerySet


class VulnerabilityException(PublicModel):
    """One vulnerability that does not count in a scope (MSR: *override*).

    Stored findings stay as they are; exceptions are subtracted when a rule is asked.
    An exception that ended keeps its row: decisions rest on it.
    """

    vulnerability = models.CharField(
        max_length=100, help_text="The id, such as CVE-2024-3094; aliases count too."
    )
    component_name = models.CharField(
        max_length=300, blank=True, help_text="Empty means every component."
    )
    component_version = models.CharField(max_length=200, blank=True)
    layer_digest = models.CharField(max_length=140, blank=True)
    namespace = models.ForeignKey(
        Namespace,
        on_delete=models.CASCADE,
        null=True,
        related_name="vulnerability_exceptions",
    )
    repository = models.ForeignKey(
        Repository,
        on_delete=models.CASCADE,
        null=True,
        related_name="vulnerability_exceptions",
    )
    digest = models.CharField(
        max_length=140, blank=True, help_text="Of one image of the repository only."
    )
    reason = models.CharField(max_length=500)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, help_text="Empty means never.")
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    expiry_noticed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When decisions were asked again because it expired.",
    )

    objects = VulnerabilityExceptionQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("expires_at",),
                condition=Q(ended_at__isnull=True, expiry_noticed_at__isnull=True),
                name="exception_to_expire",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(namespace__isnull=True, repository__isnull=False)
                | Q(namespace__isnull=False, repository__isnull=True),
                name="exception_has_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(digest="") | Q(repository__isnull=False),
                name="exception_of_an_image_has_its_repository",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(vulnerability=""),
                name="exception_has_a_reason",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.vulnerability} in {self.scope}"

    @property
    def scope(self) -> str:
        """Where it does not count: a namespace, a repository, or one image."""
        where = str(self.repository or self.namespace)
        return f"{where}@{self.digest}" if self.digest else where
