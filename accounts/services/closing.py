"""Close accounts: delete an organization, or keep a person out for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from guardian.models import UserObjectPermissionBase

from accounts.models import (
    AccessToken,
    Namespace,
    NamespaceGroupGrant,
    NamespaceUserGrant,
    User,
)
from accounts.permissions import require_administrator
from accounts.services import audit, organizations, teams, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.access import Actor
    from accounts.models import Organization

# What stands in the way of closing, as the apps above say it: each returns a sentence
# about what is in the namespace, or "".
obstacles: list[Callable[[Namespace], str]] = []


def delete_organization(*, actor: Actor, organization: Organization) -> None:
    """Delete an organization with its teams and memberships; administrators only.

    Raises ValidationError while its namespace holds something. The name stays
    reserved as long as anything refers to it, such as a repository that was deleted.
    """
    require_administrator(actor)
    with transaction.atomic():
        namespace = _emptied(organization.namespace)
        for team in organization.teams.select_related(
            "organization__namespace", "group"
        ):
            teams.delete(actor=actor, team=team)
        audit.record(
            actor=actor, action="delete", subject=organization, namespace=namespace
        )
        organization.delete()
        NamespaceUserGrant.objects.filter(content_object=namespace).delete()
        NamespaceGroupGrant.objects.filter(content_object=namespace).delete()
        _free(namespace)


def remove_user(*, actor: Actor, user: User) -> None:
    """Take all rights and ways in from a person; administrators only.

    The row stays, disabled, as the history refers to it, and so does the name. Raises
    ValidationError for oneself, for primary owners, and while the person's namespace
    holds something.
    """
    require_administrator(actor)
    _refuse_primary_owner(user)
    with transaction.atomic():
        if user.namespace is not None:
            _emptied(user.namespace)
        users.set_active(actor=actor, user=user, is_active=False)
        AccessToken.objects.filter(user=user).update(is_active=False)
        for membership in user.memberships.select_related("organization__namespace"):
            organizations.remove_member(
                actor=actor, organization=membership.organization, user=user
            )
        _revoke_everything(user)
        user.is_superuser = user.is_staff = False
        user.save(update_fields=["is_superuser", "is_staff"])
        audit.record(
            actor=actor, action="delete", subject=user, namespace=user.namespace
        )


def _revoke_everything(user: User) -> None:
    """Take away what was granted to the person, on whatever kind of object."""
    for model in apps.get_models():
        if issubclass(model, UserObjectPermissionBase):
            model._default_manager.filter(user=user).delete()


def _refuse_primary_owner(user: User) -> None:
    owned = user.primarily_owned_organizations.select_related("namespace").first()
    if owned is not None:
        message = (
            f"{user} is the primary owner of {owned}; name another one there first."
        )
        raise ValidationError(message)


def _emptied(namespace: Namespace) -> Namespace:
    """Return the namespace, locked, with its robots disabled.

    Raises ValidationError while it holds something.
    """
    locked = Namespace.objects.select_for_update().get(pk=namespace.pk)
    found = [said for ask in obstacles if (said := ask(locked))]
    if found:
        raise ValidationError(" ".join(found))
    User.objects.filter(robot__namespace=locked).update(is_active=False)
    return locked


def _free(namespace: Namespace) -> None:
    """Give the name free, unless something still refers to it."""
    try:
        with transaction.atomic():
            namespace.delete()
    except (ProtectedError, RestrictedError):
        return
