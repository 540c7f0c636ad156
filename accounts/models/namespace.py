"""The first component of every repository's name: the tenant's territory."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from typing_extensions import override

from accounts.access import AccessLevel
from accounts.models.base import PublicModel
from accounts.querysets import NamespaceQuerySet
from accounts.validators import MAX_NAME_LENGTH, NAME_PATTERN, validate_name


class Namespace(PublicModel):
    """A name unique over users and organizations; repositories live under it."""

    class Kind(models.TextChoices):
        """Whose territory it is, in MSR's words."""

        USER = "user"
        ORGANIZATION = "organization"

    name = models.CharField(
        max_length=MAX_NAME_LENGTH,
        unique=True,
        validators=(validate_name,),
        help_text="Lower-case letters and digits; dots, underscores, dashes between.",
    )
    kind = models.CharField(max_length=12, choices=Kind)
    create_on_push = models.BooleanField(
        default=False,
        help_text="A push to a repository that does not exist creates it, private.",
    )

    objects = NamespaceQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        default_permissions = ("add", "change", "delete", "view")
        permissions: ClassVar = [(level.value, level.label) for level in AccessLevel]
        constraints = (
            models.CheckConstraint(
                condition=models.Q(name__regex=NAME_PATTERN),
                name="namespace_name_is_a_path_component",
            ),
        )

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def is_personal(self) -> bool:
        return self.kind == self.Kind.USER
