"""Teams of organizations, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyInline,
    ServiceAdmin,
    ServiceForm,
    counted,
    linked,
    moment,
)
from accounts.models import (
    Team,
    TeamMembership,
)
from accounts.services import teams

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

    from accounts.access import Actor


class NewTeamForm(ServiceForm):
    """A team of an organization, with its auth group."""

    @override
    def run(self) -> Model:
        given = self.cleaned_data
        return teams.create(
            actor=self.actor,
            organization=given["organization"],
            name=given["name"],
            description=given["description"],
        )


class TeamForm(ServiceForm):
    """What can be changed about a team."""

    @override
    def run(self) -> Model:
        team: Team = self.instance
        if not self.changed_data:
            return team
        return teams.update(
            actor=self.actor,
            team=team,
            name=team.name,
            description=self.cleaned_data["description"],
        )


class TeamMembershipInline(ReadOnlyInline):
    """The members of a team."""

    model = TeamMembership
    fields = ("user",)
    list_select_related = ("user", "team__organization__namespace")


@admin.register(Team)
class TeamAdmin(ServiceAdmin[Team]):
    """Members of an organization who are granted access together."""

    owners = ("organization__namespace",)
    form = TeamForm
    add_fields = ("organization", "name", "description")
    fields = ("organization", "name", "description", "add", "created_at", "uuid")
    editable = ("description",)
    deletable = True
    autocomplete_fields = ("organization",)
    inlines = (TeamMembershipInline,)
    counts = ("memberships",)
    list_display = (
        "name",
        linked("organization"),
        "description",
        counted("memberships", "members"),
        moment("created_at"),
    )
    list_select_related = ("organization__namespace", "group")
    search_fields = ("name", "organization__namespace__name")
    ordering = ("organization__namespace__name", "name")

    @override
    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewTeamForm
        return super().get_form(request, obj, change, **kwargs)

    @admin.display(description="Members")
    def add(self, row: Team) -> str:
        url = reverse("admin:accounts_teammembership_add")
        return format_html('<a href="{}?team={}">Add a member</a>', url, row.pk)

    @override
    def remove(self, actor: Actor, obj: Team) -> None:
        teams.delete(actor=actor, team=obj)


class TeamMembershipForm(ServiceForm):
    """Somebody joins a team and, if need be, its organization."""

    @override
    def run(self) -> Model:
        team, user = self.cleaned_data["team"], self.cleaned_data["user"]
        return teams.add_member(actor=self.actor, team=team, user=user)


@admin.register(TeamMembership)
class TeamMembershipAdmin(ServiceAdmin[TeamMembership]):
    """Who is in which team."""

    owners = ("team__organization__namespace",)
    form = TeamMembershipForm
    add_fields = ("team", "user")
    fields = ("team", "user", "created_at")
    deletable = True
    autocomplete_fields = ("team", "user")
    list_display = ("__str__", linked("team"), linked("user"), moment("created_at"))
    list_select_related = ("team__organization__namespace", "user")
    search_fields = ("user__username", "=team__name")

    @override
    def remove(self, actor: Actor, obj: TeamMembership) -> None:
        teams.remove_member(actor=actor, team=obj.team, user=obj.user)
