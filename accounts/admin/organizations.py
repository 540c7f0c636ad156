"""Namespaces, organizations and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from typing_extensions import override

from accounts.admin_mixins import (
    ITSELF,
    AuditedForm,
    ReadOnlyInline,
    ServiceAdmin,
    ServiceForm,
    counted,
    linked,
    moment,
)
from accounts.admin_mixins.grants import GrantInline, TeamGrantInline
from accounts.models import (
    Namespace,
    NamespaceGroupGrant,
    NamespaceUserGrant,
    Organization,
    OrganizationMembership,
    Team,
)
from accounts.services import namespaces, organizations

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

    from accounts.access import Actor


class NamespaceForm(ServiceForm):
    """What can be changed about a namespace."""

    @override
    def run(self) -> Model:
        namespace: Namespace = self.instance
        if not self.changed_data:
            return namespace
        return namespaces.update(
            actor=self.actor,
            namespace=namespace,
            create_on_push=self.cleaned_data["create_on_push"],
        )


class NamespaceUserGrantInline(GrantInline):
    """People with a grant on the namespace."""

    model = NamespaceUserGrant


class NamespaceGroupGrantInline(TeamGrantInline):
    """Teams with a grant on the namespace."""

    model = NamespaceGroupGrant


@admin.register(Namespace)
class NamespaceAdmin(ServiceAdmin[Namespace]):
    """First parts of names; they come with their user or organization."""

    owners = (ITSELF,)
    form = NamespaceForm
    fields = ("name", "kind", "create_on_push", "created_at", "uuid")
    editable = ("create_on_push",)
    inlines = (NamespaceUserGrantInline, NamespaceGroupGrantInline)
    list_display = ("name", "kind", "create_on_push", moment("created_at"))
    list_filter = ("kind", "create_on_push")
    search_fields = ("name",)
    ordering = ("name",)


class OrganizationForm(ServiceForm):
    """A new organization, or another name or primary owner for an existing one."""

    name = forms.CharField(help_text="Also the first part of its repositories' names.")
    create_on_push = Namespace._meta.get_field("create_on_push").formfield()

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        return organizations.create(
            actor=self.actor,
            name=given["name"],
            primary_owner=given["primary_owner"],
            full_name=given["full_name"],
            create_on_push=given["create_on_push"],
        )


class ChangedOrganizationForm(AuditedForm):
    """The full name and the primary owner, who becomes an owner by it."""

    @override
    def run(self) -> Model:
        if "primary_owner" in self.changed_data:
            organizations.set_member(
                actor=self.actor,
                organization=self.instance,
                user=self.cleaned_data["primary_owner"],
                is_owner=True,
            )
        return super().run()


class MembershipInline(ReadOnlyInline):
    """The members of an organization."""

    model = OrganizationMembership
    fields = ("user", "is_owner")
    list_select_related = ("user", "organization__namespace")


class TeamInline(ReadOnlyInline):
    """The teams of an organization."""

    model = Team
    fields = ("name", "description")
    list_select_related = ("organization__namespace",)


@admin.register(Organization)
class OrganizationAdmin(ServiceAdmin[Organization]):
    """Tenants: who owns them, who belongs to them, and their teams."""

    owners = ("namespace",)
    form = ChangedOrganizationForm
    add_fields = ("name", "full_name", "primary_owner", "create_on_push")
    fields = ("namespace", "full_name", "primary_owner", "add", "created_at", "uuid")
    editable = ("full_name", "primary_owner")
    autocomplete_fields = ("primary_owner",)
    inlines = (MembershipInline, TeamInline)
    list_display = (
        "__str__",
        "full_name",
        linked("primary_owner"),
        linked("namespace"),
        counted("memberships", "members"),
        counted("teams"),
        moment("created_at"),
    )
    counts = ("memberships", "teams")
    list_select_related = ("namespace", "primary_owner")
    search_fields = ("namespace__name", "full_name")
    ordering = ("namespace__name",)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say what the service says: administrators make organizations."""
        return request.user.is_superuser and super().has_add_permission(request)

    @override
    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = OrganizationForm
        return super().get_form(request, obj, change, **kwargs)

    @admin.display(description="Members and teams")
    def add(self, row: Organization) -> str:
        return format_html(
            '<a href="{0}?organization={2}">Add a member</a>, '
            '<a href="{1}?organization={2}">add a team</a>',
            reverse("admin:accounts_organizationmembership_add"),
            reverse("admin:accounts_team_add"),
            row.pk,
        )


class MembershipForm(ServiceForm):
    """Somebody becomes a member or an owner."""

    @override
    def run(self) -> Model:
        given, row = self.cleaned_data, self.instance
        return organizations.set_member(
            actor=self.actor,
            organization=given["organization"] if self.is_new else row.organization,
            user=given["user"] if self.is_new else row.user,
            is_owner=given["is_owner"],
        )


@admin.register(OrganizationMembership)
class OrganizationMembershipAdmin(ServiceAdmin[OrganizationMembership]):
    """Who is in which organization."""

    owners = ("organization__namespace",)
    form = MembershipForm
    add_fields = ("organization", "user", "is_owner")
    fields = ("organization", "user", "is_owner", "created_at")
    editable = ("is_owner",)
    deletable = True
    autocomplete_fields = ("organization", "user")
    list_display = ("__str__", linked("organization"), linked("user"), "is_owner")
    list_filter = ("is_owner",)
    list_select_related = ("organization__namespace", "user")
    search_fields = ("user__username", "organization__namespace__name")

    @override
    def remove(self, actor: Actor, obj: OrganizationMembership) -> None:
        organizations.remove_member(
            actor=actor, organization=obj.organization, user=obj.user
        )
