"""Make robots of a namespace; renew, switch and take them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Action, Actor
from accounts.models import Namespace, Robot, User
from accounts.models.user import MAX_USERNAME_LENGTH
from accounts.permissions import require
from accounts.services import audit
from accounts.validators import ROBOT_MARK

if TYPE_CHECKING:
    from datetime import datetime


def create(
    *,
    actor: Actor,
    namespace: Namespace,
    name: str,
    expires_at: datetime,
    description: str = "",
) -> Robot:
    """Make a robot, for which the actor is responsible.

    Needs admin on the namespace, in a session or with a password. Raises
    ValidationError for a name that cannot be one or is taken, for ever.
    """
    person = require_person(actor, namespace)
    user = User(username=f"{namespace.name}{ROBOT_MARK}{name}")
    user.set_unusable_password()
    robot = Robot(
        namespace=namespace,
        name=name,
        responsible=person,
        description=description,
        expires_at=_in_the_future(expires_at),
    )
    robot.full_clean(exclude=["user"])
    if len(user.username) > MAX_USERNAME_LENGTH:
        message = (
            f"“{user.username}” is too long: with its namespace a robot's name has at"
            f" most {MAX_USERNAME_LENGTH} characters."
        )
        raise ValidationError({"name": message})
    try:
        with transaction.atomic():
            user.save()
            robot.user = user
            robot.save()
            _record(actor, "create", robot, after=_facts(robot))
    except IntegrityError as error:  # somebody made one in this moment
        message = f"The name “{name}” is taken."
        raise ValidationError({"name": ValidationError(message, "unique")}) from error
    return robot


def update(
    *,
    actor: Actor,
    robot: Robot,
    description: str | None = None,
    expires_at: datetime | None = None,
    is_active: bool | None = None,
) -> Robot:
    """Describe, renew, disable or enable a robot; None leaves a value.

    Disabled or expired, its tokens do nothing; enabled or renewed, those work again
    that have not expired themselves.
    """
    require_person(actor, robot.namespace)
    before = _facts(robot)
    if description is not None:
        robot.description = description
    if expires_at is not None:
        robot.expires_at = _in_the_future(expires_at)
    if is_active is not None:
        robot.user.is_active = is_active
    robot.full_clean(validate_unique=False)
    with transaction.atomic():
        robot.save(update_fields=["description", "expires_at"])
        if is_active is not None:  # else it may have been disabled meanwhile
            robot.user.save(update_fields=["is_active"])
        _record(actor, "update", robot, before=before, after=_facts(robot))
    return robot


def take_over(*, actor: Actor, robot: Robot) -> Robot:
    """Make the actor, an admin of the namespace, responsible for the robot."""
    before = _facts(robot)
    robot.responsible = require_person(actor, robot.namespace)
    with transaction.atomic():
        robot.save(update_fields=["responsible"])
        _record(actor, "take over", robot, before=before, after=_facts(robot))
    return robot


def require_person(actor: Actor, namespace: Namespace) -> User:
    """Return the person who administers the namespace, and is there in person.

    Raises Http404 for a stranger, PermissionDenied for who may not, or used a token.
    """
    require(actor, Action.ADMIN, namespace)
    if actor.uses_token or not isinstance(actor.user, User):
        message = "Sign in with your password: a token cannot manage robots."
        raise PermissionDenied(message)
    return actor.user


def require_responsible(actor: Actor, robot: Robot) -> None:
    """Raise ValidationError unless who answers for the robot's pushes asks.

    With a way in as another's robot an admin could push in that person's name, and
    approve it alone.
    """
    if actor.is_system or actor.key == robot.responsible_id:
        return
    message = (
        f"{robot.responsible} answers for what “{robot}” does: take the robot over"
        " first, and you do."
    )
    raise ValidationError(message)


def _in_the_future(moment: datetime) -> datetime:
    if moment <= timezone.now():
        message = "Choose a time in the future for the robot to expire."
        raise ValidationError({"expires_at": message})
    return moment


def _facts(robot: Robot) -> dict[str, Any]:
    return {
        "description": robot.description,
        "expires_at": robot.expires_at.isoformat(),
        "is_active": robot.user.is_active,
        "responsible": robot.responsible.username,
    }


def _record(actor: Actor, action: str, robot: Robot, **values: Any) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=robot,
        namespace=robot.namespace,
        **values,
    )
