"""Which teams may do what: `…/teamAccess` of namespaces, and its parts for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, Subquery
from guardian.utils import get_group_obj_perms_model
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import AccessLevel, Action, GrantKind
from accounts.api.operation import Form, Operation, no_such
from accounts.models import Namespace, Team, TeamMembership
from accounts.permissions import check, require
from accounts.services import grants

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django_stubs_ext import WithAnnotations
    from rest_framework.request import Request

    from accounts.access import Actor

    class Held(TypedDict):
        """The codename of a team's level, and whether the reader is in the team."""

        level: str
        is_mine: bool

    HeldTeam = WithAnnotations[Team, Held]

LEVELS = (AccessLevel.READ_ONLY, AccessLevel.READ_WRITE, AccessLevel.ADMIN)


class AccessForm(Form):
    """MSR: forms.Access."""

    access_level = serializers.ChoiceField([level.label for level in LEVELS])


def level_named(label: str) -> AccessLevel:
    """Return the level that MSR calls so, such as `read-only`."""
    return next(level for level in LEVELS if level.label == label)


def teams_on(subject: Model, actor: Actor) -> QuerySet[HeldTeam]:
    """Return the teams with a level on the subject, as `level`, and `is_mine`."""
    grants_on: Any = get_group_obj_perms_model(subject)
    held = grants_on.objects.filter(
        group=OuterRef("group"), content_object=subject, kind=GrantKind.LEVEL
    )
    mine = TeamMembership.objects.filter(team=OuterRef("pk"), user=actor.key)
    level = Subquery(held.values("permission__codename")[:1])
    rows = Team.objects.annotate(level=level, is_mine=Exists(mine))
    return cast("QuerySet[HeldTeam]", rows.filter(level__isnull=False))


def team_named(namespace: Namespace, name: str) -> Team:
    """Return the team of the namespace's organization; raises NO_SUCH_TEAM."""
    rows = Team.objects.select_related("organization__namespace", "group")
    team = rows.filter(organization__namespace=namespace, name=name).first()
    if team is None:
        message = f"The organization “{namespace}” has no team “{name}”."
        raise NotFound(message, code="NO_SUCH_TEAM")
    return team


def require_teams(namespace: Namespace) -> None:
    """Raise ValidationError for a personal namespace, which has no teams."""
    if namespace.is_personal:
        message = f"“{namespace}” belongs to a user; only organizations have teams."
        raise ValidationError(message)


def access_of(team: HeldTeam) -> dict[str, Any]:
    """Return responses.TeamAccess of a team that came from `teams_on`."""
    return {
        "accessLevel": AccessLevel(team.level).label,
        "team": {
            "id": team.uuid,
            "name": team.name,
            "clientUserIsMember": team.is_mine,
        },
    }


class NamespaceTeamAccessList(Operation):
    """`/repositoryNamespaces/{namespace}/teamAccess`."""

    def get(self, _request: Request, namespace: str) -> Response:
        """List the teams with access to the whole namespace; its members may."""
        owner = namespace_known_to(self.actor, namespace)
        require_teams(owner)
        rows = teams_on(owner, self.actor)
        return self.paged(
            rows,
            lambda page: {
                "namespace": owner.name,
                "teamAccessList": [access_of(team) for team in page],
            },
        )


class NamespaceTeamAccess(Operation):
    """`/repositoryNamespaces/{namespace}/teamAccess/{teamname}`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str, team: str) -> Response:
        """Show one team's level; for admins of the namespace and the team itself."""
        owner = namespace_known_to(self.actor, namespace)
        row = teams_on(owner, self.actor).filter(name=team).first()
        if row is None or not (row.is_mine or check(self.actor, Action.ADMIN, owner)):
            message = f"The team “{team}” has no access to “{namespace}” as a whole."
            raise NotFound(message, code="NO_SUCH_NAMESPACE_TEAM_ACCESS")
        return Response({"namespace": owner.name, **access_of(row)})

    def put(self, _request: Request, namespace: str, team: str) -> Response:
        """Give the team a level, in place of the one before."""
        owner = namespace_known_to(self.actor, namespace)
        require(self.actor, Action.ADMIN, owner)
        require_teams(owner)
        level = level_named(self.body(AccessForm)["access_level"])
        chosen = team_named(owner, team)
        grants.grant(actor=self.actor, level=level, to=chosen, on=owner)
        row = teams_on(owner, self.actor).get(pk=chosen.pk)
        return Response({"namespace": owner.name, **access_of(row)})

    def delete(self, _request: Request, namespace: str, team: str) -> Response:
        """Take the access away; no error where there is none."""
        owner = namespace_known_to(self.actor, namespace)
        require(self.actor, Action.ADMIN, owner)
        for row in teams_on(owner, self.actor).filter(name=team):
            grants.revoke(actor=self.actor, of=row, on=owner)
        return Response(status=204)


def namespace_known_to(actor: Actor, name: str) -> Namespace:
    """Return a namespace the actor belongs to or may pull; raises NO_SUCH_ACCOUNT."""
    pullable = Namespace.objects.permitted(actor, Action.PULL)
    member = Q(organization__memberships__user=actor.key)
    rows = Namespace.objects.filter(Q(pk__in=pullable.values("pk")) | member)
    found = rows.within(actor).filter(name=name).distinct().first()
    if found is None:
        message = f"No account “{name}” is visible to you."
        raise no_such(actor, "NO_SUCH_ACCOUNT", message)
    return found
