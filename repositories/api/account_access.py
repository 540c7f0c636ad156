"""`/accounts/…/repositoryAccess`, and all repositories of an account at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Subquery
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import AccessLevel, Action, Actor, GrantKind
from accounts.api import Operation, account_of_user, user_for
from accounts.models import Namespace, Team, TeamMembership
from accounts.permissions import MissingRight, check, require
from repositories.api.lookup import namespace_of, repository_of
from repositories.api.repositories import render
from repositories.models import Repository, RepositoryGroupGrant
from repositories.services import repositories

if TYPE_CHECKING:
    from rest_framework.request import Request

# The right that tells a level from the one below, the highest first.
LEVELS = (
    (Action.ADMIN, AccessLevel.ADMIN),
    (Action.DELETE, AccessLevel.READ_WRITE),
    (Action.PULL, AccessLevel.READ_ONLY),
)


class AccountRepositories(Operation):
    """`/accounts/{namespace}/repositories`."""

    missing = "NO_SUCH_ACCOUNT"

    def delete(self, _request: Request, namespace: str) -> Response:
        """Delete all repositories of an account; for who administers its namespace."""
        owner = namespace_of(self.actor, namespace)
        require(self.actor, Action.ADMIN, owner)
        for repository in owner.repositories.live().select_related("namespace"):
            repositories.delete(actor=self.actor, repository=repository)
        return Response(status=204)


class TeamRepositoryAccess(Operation):
    """`/accounts/{orgname}/teams/{teamname}/repositoryAccess`."""

    missing = "NO_SUCH_TEAM"

    def get(self, _request: Request, organization: str, team: str) -> Response:
        """List the repositories that a team was given access to, with the level.

        For the team and who administers the organization. Access to the whole
        namespace is in `/repositoryNamespaces/…/teamAccess`.
        """
        found = _team(self.actor, organization, team)
        held = RepositoryGroupGrant.objects.filter(
            group=found.group, content_object=OuterRef("pk"), kind=GrantKind.LEVEL
        )
        level = Subquery(held.values("permission__codename")[:1])
        rows: Any = Repository.objects.permitted(self.actor, Action.PULL)
        rows = rows.select_related("namespace").annotate(level=level)
        return self.paged(
            rows.filter(level__isnull=False),
            lambda page: {
                "team": _render_team(found),
                "repositoryAccessList": [_access_to(row) for row in page],
            },
        )


class UserRepositoryAccess(Operation):
    """`/accounts/{username}/repositoryAccess/{namespace}/{reponame}`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(
        self, _request: Request, username: str, namespace: str, name: str
    ) -> Response:
        """Show what a user may do with a repository; for the user and administrators.

        Whatever gives the access counts: ownership, grants, teams, being public.
        """
        user = user_for(self.actor, username)
        repository = repository_of(self.actor, f"{namespace}/{name}")
        asked = Actor(user)
        level = next(
            (one for may, one in LEVELS if check(asked, may, repository)), None
        )
        if level is None:
            message = f"The user “{user}” may not see “{repository}”."
            raise NotFound(message, code="NO_SUCH_REPOSITORY")
        return Response(
            {
                "accessLevel": level.label,
                "user": account_of_user(user),
                "repository": render(repository),
            }
        )


def _team(actor: Actor, organization: str, name: str) -> Any:
    """Return a team to its members and admins of its namespace; NO_SUCH_TEAM."""
    mine = TeamMembership.objects.filter(team=OuterRef("pk"), user=actor.key)
    rows: Any = Team.objects.select_related("organization__namespace", "group")
    visible = Namespace.objects.visible_to(actor).filter(name=organization)
    team = (
        rows.annotate(is_mine=Exists(mine))
        .filter(organization__namespace__in=visible.values("pk"), name=name)
        .first()
    )
    if team is None:
        message = f"No team “{name}” of “{organization}” is visible to you."
        raise NotFound(message, code="NO_SUCH_TEAM")
    answer = check(actor, Action.ADMIN, team.organization.namespace)
    if not (team.is_mine or answer):
        raise MissingRight(answer.reason, team.organization.namespace)
    return team


def _render_team(team: Any) -> dict[str, Any]:
    """Return responses.Team of `/api/v0`, and the name."""
    return {"id": team.uuid, "name": team.name, "clientUserIsMember": team.is_mine}


def _access_to(repository: Any) -> dict[str, Any]:
    """Return responses.RepoAccess."""
    level = AccessLevel(repository.level).label
    return {"accessLevel": level, "repository": render(repository)}
