"""Grants: guardian's permission rows with real foreign keys, one level per pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from typing_extensions import override

from accounts.access import AccessLevel, GrantKind
from accounts.models.namespace import Namespace


class GrantBase(models.Model):
    """The slot of a grant, which its permission's codename decides."""

    kind = models.CharField(
        max_length=5, choices=GrantKind, default=GrantKind.LEVEL, editable=False
    )

    if TYPE_CHECKING:  # guardian's bases, beside which this one stands, have them
        permission: Any
        content_object: Any

    class Meta:
        abstract = True

    @override
    def __str__(self) -> str:
        return f"{self.level.label} on {self.content_object}"

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        scan = self.level == AccessLevel.SCAN
        self.kind = GrantKind.SCAN if scan else GrantKind.LEVEL
        super().save(*args, **kwargs)

    @property
    def level(self) -> AccessLevel:
        """MSR's level, which is the codename of the permission granted."""
        return AccessLevel(self.permission.codename)


class NamespaceUserGrant(GrantBase, UserObjectPermissionBase):
    """What one person may do in a whole namespace."""

    content_object = models.ForeignKey(
        Namespace, on_delete=models.CASCADE, related_name="user_grants"
    )

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("user", "content_object", "kind"),
                name="one_namespace_grant_per_user",
            ),
        )


class NamespaceGroupGrant(GrantBase, GroupObjectPermissionBase):
    """What one team may do in a whole namespace (MSR: `repositoryNamespaces`)."""

    content_object = models.ForeignKey(
        Namespace, on_delete=models.CASCADE, related_name="group_grants"
    )

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("group", "content_object", "kind"),
                name="one_namespace_grant_per_team",
            ),
        )
