"""Create organizations; add and remove their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.access import Action
from accounts.models import (
    Namespace,
    Organization,
    OrganizationMembership,
    TeamMembership,
)
from accounts.permissions import require, require_administrator
from accounts.services import audit, namespaces

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import User


def create(
    *,
    actor: Actor,
    name: str,
    primary_owner: User,
    full_name: str = "",
    create_on_push: bool = False,
) -> Organization:
    """Create an organization and its namespace; administrators only."""
    require_administrator(actor)
    refuse_robot(primary_owner)
    with transaction.atomic():
        namespace = namespaces.take(
            Namespace(
                name=name,
                kind=Namespace.Kind.ORGANIZATION,
                create_on_push=create_on_push,
            )
        )
        organization = Organization.objects.create(
            namespace=namespace, full_name=full_name, primary_owner=primary_owner
        )
        OrganizationMembership.objects.create(
            organization=organization, user=primary_owner, is_owner=True
        )
        audit.record(
            actor=actor, action="create", subject=organization, namespace=namespace
        )
    return organization


def set_member(
    *, actor: Actor, organization: Organization, user: User, is_owner: bool = False
) -> OrganizationMembership:
    """Make `user` a member or, with `is_owner`, an owner of the organization."""
    require(actor, Action.ADMIN, organization.namespace)
    refuse_robot(user)
    if user.pk == organization.primary_owner_id and not is_owner:
        message = "The primary owner stays an owner; name another one first."
        raise ValidationError(message)
    if not is_owner:
        _keep_an_owner(organization, without=user)
    with transaction.atomic():
        membership, _ = OrganizationMembership.objects.update_or_create(
            organization=organization, user=user, defaults={"is_owner": is_owner}
        )
        audit.record(
            actor=actor,
            action="set member",
            subject=organization,
            namespace=organization.namespace,
            after={"user": user.username, "is_owner": is_owner},
        )
    return membership


def remove_member(*, actor: Actor, organization: Organization, user: User) -> None:
    """Take `user` out of the organization and of all of its teams."""
    require(actor, Action.ADMIN, organization.namespace)
    if user.pk == organization.primary_owner_id:
        message = "The primary owner cannot be removed; name another one first."
        raise ValidationError(message)
    _keep_an_owner(organization, without=user)
    with transaction.atomic():
        teams = organization.teams.filter(members=user)
        user.groups.remove(*(team.group for team in teams.select_related("group")))
        TeamMembership.objects.filter(team__in=teams, user=user).delete()
        organization.memberships.filter(user=user).delete()
        audit.record(
            actor=actor,
            action="remove member",
            subject=organization,
            namespace=organization.namespace,
            before={"user": user.username},
        )


def update(*, actor: Actor, organization: Organization, full_name: str) -> Organization:
    """Call the organization otherwise on pages; its name in addresses stays."""
    require(actor, Action.ADMIN, organization.namespace)
    before, organization.full_name = organization.full_name, full_name
    organization.full_clean(validate_unique=False)
    with transaction.atomic():
        organization.save(update_fields=["full_name"])
        audit.record(
            actor=actor,
            action="update",
            subject=organization,
            namespace=organization.namespace,
            before={"full_name": before},
            after={"full_name": full_name},
        )
    return organization


def hand_over(*, actor: Actor, organization: Organization, to: User) -> Organization:
    """Make an owner the primary owner, who cannot be removed by the others.

    Only the primary owner and administrators may. Raises ValidationError where `to` is
    no owner yet.
    """
    require(actor, Action.ADMIN, organization.namespace)
    if not may_hand_over(actor, organization):
        message = "Only the primary owner or an administrator can name another one."
        raise PermissionDenied(message)
    if not organization.memberships.filter(user=to, is_owner=True).exists():
        message = f"{to} is no owner of {organization}; make them an owner first."
        raise ValidationError({"primary_owner": message})
    before, organization.primary_owner = organization.primary_owner, to
    with transaction.atomic():
        organization.save(update_fields=["primary_owner"])
        audit.record(
            actor=actor,
            action="hand over",
            subject=organization,
            namespace=organization.namespace,
            before={"primary_owner": before.username},
            after={"primary_owner": to.username},
        )
    return organization


def may_hand_over(actor: Actor, organization: Organization) -> bool:
    """Tell whether the actor may name another primary owner."""
    return actor.is_administrator or actor.key == organization.primary_owner_id


def refuse_robot(user: User) -> None:
    """Raise ValidationError for a robot, which gets rights by grants alone."""
    if user.is_robot:
        message = f"“{user}” is a robot: grant it access instead, it joins nothing."
        raise ValidationError(message)


def _keep_an_owner(organization: Organization, *, without: User) -> None:
    owners = organization.memberships.filter(is_owner=True)
    only = owners.filter(user=without).exists() and owners.count() == 1
    if only:
        message = f"{without} is the last owner; make somebody else an owner first."
        raise ValidationError(message)
