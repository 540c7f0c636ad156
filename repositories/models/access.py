"""Grants on repositories: guardian's permission rows with real foreign keys."""

from __future__ import annotations

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import GrantBase
from repositories.models.repository import Repository


class RepositoryUserGrant(GrantBase, UserObjectPermissionBase):
    """What one person may do in one repository."""

    content_object = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="user_grants"
    )

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("user", "content_object", "kind"),
                name="one_repository_grant_per_user",
            ),
        )


class RepositoryGroupGrant(GrantBase, GroupObjectPermissionBase):
    """What one team may do in one repository (MSR: `teamAccess`)."""

    content_object = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="group_grants"
    )

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                fields=("group", "content_object", "kind"),
                name="one_repository_grant_per_team",
            ),
        )
