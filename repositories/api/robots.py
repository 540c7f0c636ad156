"""`…/robots/{name}/access`: what a robot was granted in its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import AccessLevel, Action, GrantKind
from accounts.api import Form, Operation, robot_of
from accounts.models import NamespaceUserGrant
from accounts.permissions import require
from accounts.services import grants
from repositories.models import Repository, RepositoryUserGrant

if TYPE_CHECKING:
    from django.db.models import Model
    from rest_framework.request import Request

    from accounts.access import Actor
    from accounts.models import Robot


class PlaceQuery(Form):
    """Where: a repository by its name inside the namespace, else all of them.

    `kind` is `scan` for the right to upload reports, which stands beside a level.
    """

    repository = serializers.CharField(required=False)
    kind = serializers.ChoiceField(GrantKind.choices, default=GrantKind.LEVEL.value)


class RobotAccessForm(Form):
    """A level in MSR's words, or `scan`; of a repository, else of the namespace."""

    access_level = serializers.ChoiceField([level.label for level in AccessLevel])
    repository = serializers.CharField(required=False, allow_null=True)


class RobotAccess(Operation):
    """`…/robots/{name}/access`."""

    missing = "NO_SUCH_ROBOT"

    def get(self, _request: Request, namespace: str, robot: str) -> Response:
        """List what the robot was granted."""
        return Response(_access_of(robot_of(self.actor, namespace, robot)))

    def put(self, _request: Request, namespace: str, robot: str) -> Response:
        """Grant a level, in place of the one before; answer all of them."""
        row, given = (
            robot_of(self.actor, namespace, robot),
            self.body(RobotAccessForm),
        )
        level = next(one for one in AccessLevel if one.label == given["access_level"])
        place = _place(self.actor, row, given.get("repository"))
        grants.grant(actor=self.actor, level=level, to=row.user, on=place)
        return Response(_access_of(row))

    def delete(self, _request: Request, namespace: str, robot: str) -> Response:
        """Take a grant away; no error where there is none."""
        row, asked = robot_of(self.actor, namespace, robot), self.query(PlaceQuery)
        grants.revoke(
            actor=self.actor,
            of=row.user,
            on=_place(self.actor, row, asked.get("repository")),
            kind=GrantKind(asked["kind"]),
        )
        return Response(status=204)


def _place(actor: Actor, robot: Robot, name: str | None) -> Model:
    if name is None:
        return robot.namespace
    rows = Repository.objects.permitted(actor, Action.ADMIN)
    found = rows.filter(namespace=robot.namespace, name=name).first()
    if found is None:
        message = f"“{robot.namespace}” has no repository “{name}”."
        raise NotFound(message, code="NO_SUCH_REPOSITORY")
    require(actor, Action.ADMIN, found)
    return found


def _access_of(robot: Robot) -> dict[str, Any]:
    on_all = NamespaceUserGrant.objects.filter(
        user=robot.user, content_object=robot.namespace
    )
    on_one = RepositoryUserGrant.objects.filter(
        user=robot.user, content_object__namespace=robot.namespace
    )
    rows = [
        *((None, row) for row in on_all.select_related("permission")),
        *(
            (row.content_object.name, row)
            for row in on_one.select_related("permission", "content_object").order_by(
                "content_object__name", "kind"
            )
        ),
    ]
    return {
        "robot": str(robot),
        "access": [
            {"repository": name, "accessLevel": row.level.label} for name, row in rows
        ],
    }
