"""`…/teamAccess` of a repository: which teams may do what there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.response import Response

from accounts.access import Action
from accounts.api import (
    AccessForm,
    Operation,
    access_of,
    level_named,
    require_teams,
    team_named,
    teams_on,
)
from accounts.permissions import require
from accounts.services import grants
from repositories.api.lookup import repository_of
from repositories.api.repositories import render

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.access import Actor
    from accounts.api.team_access import HeldTeam
    from repositories.models import Repository


class RepositoryTeamAccessList(Operation):
    """`…/teamAccess`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List the teams with access to the repository; for its admins."""
        repository = _administered(self.actor, f"{namespace}/{name}")
        rows = teams_on(repository, self.actor)
        return self.paged(rows, lambda page: _render(repository, page))


class RepositoryTeamAccess(Operation):
    """`…/teamAccess/{teamname}`."""

    missing = "NO_SUCH_REPOSITORY"

    def put(self, _request: Request, namespace: str, name: str, team: str) -> Response:
        """Give the team a level, in place of the one before; answer its entry."""
        repository = _administered(self.actor, f"{namespace}/{name}")
        require_teams(repository.namespace)
        level = level_named(self.body(AccessForm)["access_level"])
        chosen = team_named(repository.namespace, team)
        grants.grant(actor=self.actor, level=level, to=chosen, on=repository)
        row = teams_on(repository, self.actor).get(pk=chosen.pk)
        return Response(_render(repository, [row]))

    def delete(
        self, _request: Request, namespace: str, name: str, team: str
    ) -> Response:
        """Take the access away; no error where there is none."""
        repository = _administered(self.actor, f"{namespace}/{name}")
        require_teams(repository.namespace)
        for row in teams_on(repository, self.actor).filter(name=team):
            grants.revoke(actor=self.actor, of=row, on=repository)
        return Response(status=204)


def _administered(actor: Actor, full_name: str) -> Repository:
    repository = repository_of(actor, full_name)
    require(actor, Action.ADMIN, repository)
    return repository


def _render(repository: Repository, teams: list[HeldTeam]) -> dict[str, Any]:
    """Return responses.ListRepoTeamAccess."""
    return {
        "repository": render(repository),
        "teamAccessList": [access_of(team) for team in teams],
    }
