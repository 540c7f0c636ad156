"""Grants on single repositories."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins.grants import (
    TEAM_OF_GROUP,
    GrantInline,
    TeamGrantAdmin,
    TeamGrantInline,
    UserGrantAdmin,
)
from repositories.models import RepositoryGroupGrant, RepositoryUserGrant

NAMESPACE = "content_object__namespace"


@admin.register(RepositoryUserGrant)
class RepositoryUserGrantAdmin(UserGrantAdmin):
    """What single people may do in a repository."""

    list_select_related = ("user", NAMESPACE, "permission")
    search_fields = (
        "user__username",
        "content_object__namespace__name",
        "content_object__name",
    )


@admin.register(RepositoryGroupGrant)
class RepositoryGroupGrantAdmin(TeamGrantAdmin):
    """What teams may do in a repository."""

    list_select_related = (TEAM_OF_GROUP, NAMESPACE, "permission")
    search_fields = (
        "group__team__name",
        "content_object__namespace__name",
        "content_object__name",
    )


class RepositoryUserGrantInline(GrantInline):
    """People with a grant on the repository."""

    model = RepositoryUserGrant
    list_select_related = ("user", NAMESPACE, "permission")


class RepositoryGroupGrantInline(TeamGrantInline):
    """Teams with a grant on the repository."""

    model = RepositoryGroupGrant
    list_select_related = (TEAM_OF_GROUP, NAMESPACE, "permission")
