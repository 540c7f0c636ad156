"""Grants on whole namespaces."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_mixins.grants import TeamGrantAdmin, UserGrantAdmin
from accounts.models import NamespaceGroupGrant, NamespaceUserGrant


@admin.register(NamespaceUserGrant)
class NamespaceUserGrantAdmin(UserGrantAdmin):
    """What single people may do in a namespace."""

    search_fields = ("user__username", "content_object__name")


@admin.register(NamespaceGroupGrant)
class NamespaceGroupGrantAdmin(TeamGrantAdmin):
    """What teams may do in a namespace."""

    search_fields = ("group__team__name", "content_object__name")
