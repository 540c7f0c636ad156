"""`/repositoryNamespaces/{namespace}/robots`: programs, and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api.api_tokens import (
    NewTokenForm,
    TokenForm,
    render_issued,
    render_token,
    wanted_of,
)
from accounts.api.operation import Form, Operation
from accounts.api.sessions import require_confirmed
from accounts.api.team_access import namespace_known_to
from accounts.models import AccessToken, Robot
from accounts.permissions import require
from accounts.services import access_tokens, robots

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.access import Actor
    from accounts.models import Namespace
    from accounts.querysets import RobotQuerySet


class NewRobotForm(Form):
    """A new robot; who makes it is responsible for it."""

    name = serializers.CharField()
    description = serializers.CharField(default="", allow_blank=True)
    expires_at = serializers.DateTimeField()


class RobotForm(Form):
    """What to change of a robot; `takeOver` makes oneself responsible for it."""

    description = serializers.CharField(required=False, allow_blank=True)
    expires_at = serializers.DateTimeField(required=False)
    is_active = serializers.BooleanField(required=False)
    take_over = serializers.BooleanField(required=False)


class RobotList(Operation):
    """`…/robots`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List the robots of a namespace; for its admins."""
        rows = _robots(administered(self.actor, namespace))
        return self.paged(
            rows, lambda page: {"robots": [render_robot(robot) for robot in page]}
        )

    def post(self, _request: Request, namespace: str) -> Response:
        """Make a robot, with a password or in a session; it may do nothing yet."""
        owner = administered(self.actor, namespace)
        made = robots.create(
            actor=self.actor, namespace=owner, **self.body(NewRobotForm)
        )
        return Response(render_robot(_robots(owner).get(pk=made.pk)), status=201)


class RobotDetail(Operation):
    """`…/robots/{name}`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str, robot: str) -> Response:
        """Show one robot."""
        return Response(render_robot(robot_of(self.actor, namespace, robot)))

    def patch(self, _request: Request, namespace: str, robot: str) -> Response:
        """Describe, renew, disable, enable or take over a robot."""
        row = robot_of(self.actor, namespace, robot)
        given = self.body(RobotForm, partial=True)
        if given.pop("take_over", False):
            robots.take_over(actor=self.actor, robot=row)
        if given:
            robots.update(actor=self.actor, robot=row, **given)
        return Response(render_robot(_robots(row.namespace).get(pk=row.pk)))


class RobotTokenList(Operation):
    """`…/robots/{name}/tokens`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str, robot: str) -> Response:
        """List the access tokens of a robot."""
        rows = _tokens(robot_of(self.actor, namespace, robot))
        return self.paged(rows, lambda page: [render_token(token) for token in page])

    def post(self, request: Request, namespace: str, robot: str) -> Response:
        """Make an access token; without expiresAt it ends with the robot.

        A browser's session makes one only if it was confirmed lately, as on the page.
        """
        require_confirmed(request)
        row = robot_of(self.actor, namespace, robot)
        given = self.body(NewTokenForm)
        limit = None
        if given.get("namespace") is not None:
            limit = _own(row, given["namespace"])
        wanted = wanted_of(given, request.headers.get("User-Agent", ""), limit)
        issued = access_tokens.issue_wanted(
            actor=self.actor, user=row.user, wanted=wanted
        )
        return Response(render_issued(issued), status=201)


class RobotToken(Operation):
    """`…/robots/{name}/tokens/{id}`."""

    missing = "NO_SUCH_API_TOKEN"

    def get(self, _request: Request, **names: str) -> Response:
        """Show one access token of a robot."""
        return Response(render_token(_token(self.actor, **names)))

    def patch(self, _request: Request, **names: str) -> Response:
        """Label it otherwise, or switch it off and on again."""
        row, given = _token(self.actor, **names), self.body(TokenForm, partial=True)
        changed = access_tokens.update(
            actor=self.actor,
            token=row,
            label=given.get("token_label"),
            is_active=given.get("is_active"),
        )
        return Response(render_token(changed))

    def delete(self, _request: Request, **names: str) -> Response:
        """Delete it for good."""
        access_tokens.delete(actor=self.actor, token=_token(self.actor, **names))
        return Response(status=204)


def administered(actor: Actor, name: str) -> Namespace:
    """Return the namespace to its admins; NO_SUCH_ACCOUNT, or PermissionDenied."""
    owner = namespace_known_to(actor, name)
    require(actor, Action.ADMIN, owner)
    return owner


def robot_of(actor: Actor, namespace: str, name: str) -> Robot:
    """Return a robot of a namespace to its admins; raises NO_SUCH_ROBOT."""
    owner = administered(actor, namespace)
    found = _robots(owner).filter(name=name).first()
    if found is None:
        message = f"“{owner}” has no robot “{name}”."
        raise NotFound(message, code="NO_SUCH_ROBOT")
    return found


def render_robot(robot: Any) -> dict[str, Any]:
    """Return a robot that came with `is_in_care`."""
    return {
        "id": robot.uuid,
        "name": robot.name,
        "username": robot.user.username,
        "namespace": robot.namespace.name,
        "description": robot.description,
        "responsible": robot.responsible.username,
        "isInCare": robot.is_in_care,
        "isActive": robot.user.is_active,
        "expiresAt": robot.expires_at,
        "createdAt": robot.created_at,
    }


def _robots(namespace: Namespace) -> RobotQuerySet:
    rows = Robot.objects.filter(namespace=namespace).with_care()
    return rows.select_related("user", "namespace", "responsible")


def _tokens(robot: Robot) -> Any:
    rows = AccessToken.objects.filter(user=robot.user)
    return rows.select_related("user", "namespace")


def _token(actor: Actor, namespace: str, robot: str, token: str) -> AccessToken:
    rows = _tokens(robot_of(actor, namespace, robot))
    try:
        found: AccessToken | None = rows.filter(uuid=UUID(token)).first()
    except ValueError:
        found = None
    if found is None:
        message = f"The robot has no access token “{token}”."
        raise NotFound(message, code="NO_SUCH_API_TOKEN")
    return found


def _own(robot: Robot, name: str) -> Namespace:
    if name != robot.namespace.name:
        message = f"A robot of “{robot.namespace}” can be limited to that alone."
        raise serializers.ValidationError({"namespace": [message]})
    return robot.namespace
