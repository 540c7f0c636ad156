"""Repositories: the unit of access and the ends of every promotion."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, ClassVar

from django.db import models
from typing_extensions import override

from accounts.access import AccessLevel
from accounts.models import Namespace, PublicModel
from repositories.querysets import RepositoryQuerySet
from repositories.validators import validate_names, validate_repository_name


class Repository(PublicModel):
    """A name under a namespace, who may see it, and the rules of its tags.

    A deleted repository keeps its row (the history refers to it) and its name, until
    the registry is proved empty under it; then the row gives the name free.
    """

    class Visibility(models.TextChoices):
        """Who may see and pull: everybody, or those with a grant."""

        PUBLIC = "public"
        PRIVATE = "private"

    namespace = models.ForeignKey(
        Namespace, on_delete=models.PROTECT, related_name="repositories"
    )
    name = models.CharField(max_length=200, validators=(validate_repository_name,))
    visibility = models.CharField(
        max_length=7, choices=Visibility, default=Visibility.PRIVATE
    )
    scan_on_push = models.BooleanField(default=False)
    scanners: models.JSONField[Any, list[str]] = models.JSONField(
        default=list,
        blank=True,
        validators=(validate_names,),
        help_text=(
            "Names of scanners in the order in which they count; empty means those of"
            " the registry. Where an upload has its place, its origin may stand."
        ),
    )
    immutable_tags: models.JSONField[Any, list[str]] = models.JSONField(
        default=list,
        blank=True,
        help_text=(
            'Patterns of tags that promotions and deletions leave alone; ["*"] means'
            " all. A push cannot be refused by tag: “promotions only” refuses all."
        ),
    )
    promotions_only = models.BooleanField(
        default=False, help_text="Nobody pushes here; images arrive by promotion."
    )
    tag_limit = models.PositiveIntegerField(
        default=0, help_text="The oldest tags beyond this number go; 0 means no limit."
    )
    enable_manifest_lists = models.BooleanField(default=True)
    short_description = models.CharField(max_length=200, blank=True)
    long_description = models.TextField(blank=True)
    pull_count = models.PositiveBigIntegerField(default=0, editable=False)
    push_count = models.PositiveBigIntegerField(default=0, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    purged_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the registry was proved empty and the name given free.",
    )

    objects = RepositoryQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        verbose_name_plural = "repositories"
        permissions: ClassVar = [(level.value, level.label) for level in AccessLevel]
        constraints = (
            models.UniqueConstraint(
                fields=("namespace", "name"), name="one_repository_per_name"
            ),
        )

    @override
    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The OCI name: namespace, slash, name."""
        return f"{self.namespace.name}/{self.name}"

    @property
    def is_public(self) -> bool:
        return self.visibility == self.Visibility.PUBLIC

    def protects(self, tag: str) -> bool:
        """Tell whether a tag of this name is not to be overwritten or deleted."""
        return any(fnmatchcase(tag, pattern) for pattern in self.immutable_tags)

    def count_push(self) -> None:
        """Count one push; in the database, so that no two pushes count as one."""
        rows = type(self).objects.filter(pk=self.pk)
        rows.update(push_count=models.F("push_count") + 1)
