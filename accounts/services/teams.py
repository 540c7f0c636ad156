"""Create teams and change who is in them, in step with their auth groups."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.access import Action
from accounts.models import OrganizationMembership, Team, TeamMembership
from accounts.permissions import require
from accounts.services import audit
from accounts.services.organizations import refuse_robot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.access import Actor
    from accounts.models import Organization, User


def create(
    *, actor: Actor, organization: Organization, name: str, description: str = ""
) -> Team:
    """Create a team; only admins of the organization's namespace may."""
    require(actor, Action.ADMIN, organization.namespace)
    with _name_taken_meanwhile(name), transaction.atomic():
        team = Team(organization=organization, name=name, description=description)
        team.full_clean(exclude=["group"])
        team.group = Group.objects.create(name=f"team:{team.uuid}")
        team.save()
        audit.record(
            actor=actor,
            action="create",
            subject=team,
            namespace=organization.namespace,
        )
    return team


def update(*, actor: Actor, team: Team, name: str, description: str = "") -> Team:
    """Rename or describe a team; what it may access stays.

    Raises ValidationError for a name that cannot be one or is taken; the row then
    keeps the name it has.
    """
    namespace = team.organization.namespace
    require(actor, Action.ADMIN, namespace)
    before = {"name": team.name, "description": team.description}
    changed = Team.objects.select_related("organization__namespace").get(pk=team.pk)
    changed.name, changed.description = name, description
    changed.full_clean()
    with _name_taken_meanwhile(name), transaction.atomic():
        changed.save(update_fields=["name", "description"])
        audit.record(
            actor=actor,
            action="update",
            subject=changed,
            namespace=namespace,
            before=before,
            after={"name": name, "description": description},
        )
    return changed


@contextmanager
def _name_taken_meanwhile(name: str) -> Iterator[None]:
    """Say of a name that was free when it was checked that it is not any more."""
    try:
        yield
    except IntegrityError as error:
        message = f"The name “{name}” is taken."
        raise ValidationError(message, code="unique") from error


def add_member(*, actor: Actor, team: Team, user: User) -> TeamMembership:
    """Put `user` into the team, and into the organization when not there yet."""
    organization = team.organization
    require(actor, Action.ADMIN, organization.namespace)
    refuse_robot(user)
    with transaction.atomic():
        OrganizationMembership.objects.get_or_create(
            organization=organization, user=user
        )
        membership, _ = TeamMembership.objects.get_or_create(team=team, user=user)
        user.groups.add(team.group)
        audit.record(
            actor=actor,
            action="add member",
            subject=team,
            namespace=organization.namespace,
            after={"user": user.username},
        )
    return membership


def remove_member(*, actor: Actor, team: Team, user: User) -> None:
    """Take `user` out of the team; the organization's membership stays."""
    namespace = team.organization.namespace
    require(actor, Action.ADMIN, namespace)
    with transaction.atomic():
        team.memberships.filter(user=user).delete()
        user.groups.remove(team.group)
        audit.record(
            actor=actor,
            action="remove member",
            subject=team,
            namespace=namespace,
            before={"user": user.username},
        )


def delete(*, actor: Actor, team: Team) -> None:
    """Delete the team and, with its group, every grant it had."""
    namespace = team.organization.namespace
    require(actor, Action.ADMIN, namespace)
    with transaction.atomic():
        audit.record(actor=actor, action="delete", subject=team, namespace=namespace)
        group = team.group
        team.delete()
        group.delete()
