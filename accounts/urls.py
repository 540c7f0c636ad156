"""Addresses of signing in and out, and of organizations."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import path, register_converter

from accounts.validators import validate_name
from accounts.views import SignInView, SignOutView, organizations, teams


class NamespaceConverter:
    """One path component that can be the name of a namespace, a user or a team."""

    regex = r"[a-z0-9][a-z0-9._-]*"

    def to_python(self, value: str) -> str:
        """Return the name; ValueError means that another address is meant."""
        try:
            validate_name(value)
        except ValidationError as error:
            raise ValueError(value) from error
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NamespaceConverter, "portal_namespace")

ORGANIZATION = "organizations/<portal_namespace:namespace>"
MEMBER = f"{ORGANIZATION}/members/<portal_namespace:username>"
TEAM = f"{ORGANIZATION}/teams/<portal_namespace:team>"

app_name = "accounts"
urlpatterns = [
    path("login", SignInView.as_view(), name="login"),
    path("logout", SignOutView.as_view(), name="logout"),
    path("organizations/new", organizations.create, name="new_organization"),
    path(ORGANIZATION, organizations.organization, name="organization"),
    path(f"{ORGANIZATION}/members", organizations.members, name="members"),
    path(f"{MEMBER}/role", organizations.change_role, name="change_role"),
    path(f"{MEMBER}/remove", organizations.remove_member, name="remove_member"),
    path(f"{ORGANIZATION}/teams", teams.team_list, name="teams"),
    path(f"{ORGANIZATION}/teams/new", teams.create, name="new_team"),
    path(TEAM, teams.team, name="team"),
    path(f"{TEAM}/edit", teams.edit, name="edit_team"),
    path(f"{TEAM}/delete", teams.delete, name="delete_team"),
    path(
        f"{TEAM}/members/<portal_namespace:username>/remove",
        teams.remove_member,
        name="remove_team_member",
    ),
]
