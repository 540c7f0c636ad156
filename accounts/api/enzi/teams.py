"""`/enzi/v0/accounts/{org}/teams`: teams of an organization, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api.enzi.lookup import (
    of_user,
    organization_named,
    person_named,
    team_named,
)
from accounts.api.enzi.members import MemberQuery, MembershipForm
from accounts.api.enzi.paging import PageQuery, page_by
from accounts.api.enzi.rendering import member_of, team_of
from accounts.api.operation import Form, Operation
from accounts.permissions import require
from accounts.services import teams

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import Team, TeamMembership


class NewTeamForm(Form):
    """eNZi: forms.CreateTeam."""

    name = serializers.CharField()
    description = serializers.CharField(default="", allow_blank=True, allow_null=True)


class TeamForm(Form):
    """eNZi: forms.UpdateTeam; what is null or left out stays."""

    name = serializers.CharField(default=None, allow_null=True)
    description = serializers.CharField(default=None, allow_null=True, allow_blank=True)


class TeamOperation(Operation):
    """What all operations on teams share."""

    missing = "NO_SUCH_ACCOUNT"
    taken = "TEAM_EXISTS"

    def team(self, organization: str, team: str, action: Action | None = None) -> Team:
        """Return a team, as far as the client may know; `action` is needed there."""
        found = organization_named(self.actor, organization)
        if action is not None:
            require(self.actor, action, found.namespace)
        return team_named(found, team)


class TeamList(TeamOperation):
    """`/accounts/{org}/teams`."""

    def get(self, _request: Request, organization: str) -> Response:
        """List the organization's teams, by name; for its members."""
        found = organization_named(self.actor, organization)
        rows = found.teams.for_listing(self.actor)
        page = page_by(rows, "name", self.query(PageQuery))
        listed: list[Any] = page.rows
        return page.response(
            {
                "resourceCount": found.teams.count(),
                "teams": [team_of(row, members=row.member_count) for row in listed],
            }
        )

    def post(self, _request: Request, organization: str) -> Response:
        """Create a team; for who administers the organization."""
        found = organization_named(self.actor, organization)
        require(self.actor, Action.ADMIN, found.namespace)
        sent = self.body(NewTeamForm)
        made = teams.create(
            actor=self.actor,
            organization=found,
            name=sent["name"],
            description=sent["description"] or "",
        )
        return Response(team_of(made, members=0), status=201)


class TeamDetail(TeamOperation):
    """`/accounts/{org}/teams/{team}`."""

    def get(self, _request: Request, organization: str, team: str) -> Response:
        """Show one team, by name or id."""
        return Response(_shown(self.team(organization, team)))

    def patch(self, _request: Request, organization: str, team: str) -> Response:
        """Rename or describe a team; for who administers the organization."""
        found = self.team(organization, team, Action.ADMIN)
        sent = self.body(TeamForm)
        kept = found.name, found.description
        wanted = tuple(
            old if new is None else new
            for new, old in zip((sent["name"], sent["description"]), kept, strict=True)
        )
        if wanted != kept:
            name, description = wanted
            found = teams.update(
                actor=self.actor, team=found, name=name, description=description
            )
        return Response(_shown(found))

    def delete(self, _request: Request, organization: str, team: str) -> Response:
        """Delete a team and what it may access; no error where there is none."""
        try:
            found = self.team(organization, team, Action.ADMIN)
        except NotFound as error:
            if error.get_codes() != "NO_SUCH_TEAM":
                raise
            return Response(status=204)
        teams.delete(actor=self.actor, team=found)
        return Response(status=204)


class TeamMembers(TeamOperation):
    """`/accounts/{org}/teams/{team}/members`."""

    def get(self, _request: Request, organization: str, team: str) -> Response:
        """List who is in the team, by the users' ids; for the organization's members.

        A team has no admins of its own here: the organization's owners change it.
        """
        found = self.team(organization, team)
        query = self.query(MemberQuery)
        rows = found.memberships.for_accounts()
        if query["filter"] == "admins":
            rows = rows.none()
        page = page_by(rows, "user__uuid", query)
        return page.response(
            {
                "resourceCount": found.memberships.count(),
                "members": [member_of(row, is_admin=False) for row in page.rows],
            }
        )


class TeamMember(TeamOperation):
    """`/accounts/{org}/teams/{team}/members/{user}`."""

    def get(
        self, _request: Request, organization: str, team: str, member: str
    ) -> Response:
        """Show one membership; for members of the organization."""
        found = self.team(organization, team)
        row = _membership(found, member)
        if row is None:
            message = f"“{member}” is no member of the team “{found}”."
            raise NotFound(message, code="NO_SUCH_USER")
        return Response(member_of(row, is_admin=False))

    def put(
        self, _request: Request, organization: str, team: str, member: str
    ) -> Response:
        """Put a user into the team and, if need be, into the organization.

        `isAdmin` is taken and means nothing: see the list.
        """
        found = self.team(organization, team, Action.ADMIN)
        self.body(MembershipForm)
        user = person_named(member)
        if not found.memberships.filter(user=user).exists():
            teams.add_member(actor=self.actor, team=found, user=user)
        row = found.memberships.for_accounts().get(user=user)
        return Response(member_of(row, is_admin=False))

    def delete(
        self, _request: Request, organization: str, team: str, member: str
    ) -> Response:
        """Take a user out of the team, who stays in the organization."""
        found = self.team(organization, team, Action.ADMIN)
        row = _membership(found, member)
        if row is not None:
            teams.remove_member(actor=self.actor, team=found, user=row.user)
        return Response(status=204)


def _shown(team: Team) -> dict[str, Any]:
    return team_of(team, members=team.memberships.count())


def _membership(team: Team, name_or_id: str) -> TeamMembership | None:
    rows = team.memberships.for_accounts()
    return rows.filter(of_user(name_or_id, "user__")).first()
