"""From a name or an id in an address to an account, team or member."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from rest_framework.exceptions import NotFound

from accounts.api.operation import no_such
from accounts.models import Namespace, Organization, Team, User

if TYPE_CHECKING:
    from accounts.access import Actor

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def called(name_or_id: str, *, name: str, ids: tuple[str, ...]) -> Q:
    """Return the condition "has this name, or one of these fields is this id".

    What looks like an id is one: nobody takes another's place by being named so.
    """
    if not ID.fullmatch(name_or_id):
        return Q(**{name: name_or_id})
    either = Q()
    for field in ids:
        either |= Q(**{field: UUID(name_or_id)})
    return either


def account_named(actor: Actor, name_or_id: str) -> Namespace:
    """Return an account the actor may know, for `account_of`; NO_SUCH_ACCOUNT."""
    ids = ("user__uuid", "organization__uuid")
    rows = Namespace.objects.accounts_known_to(actor).for_accounts()
    found = rows.filter(called(name_or_id, name="name", ids=ids)).first()
    if found is None:
        raise no_such(actor, "NO_SUCH_ACCOUNT", _unknown("account", name_or_id))
    return found


def organization_named(actor: Actor, name_or_id: str) -> Organization:
    """Return an organization the actor may know; raises NO_SUCH_ACCOUNT."""
    known = Namespace.objects.accounts_known_to(actor)
    rows = Organization.objects.select_related("namespace", "primary_owner")
    asked = called(name_or_id, name="namespace__name", ids=("uuid",))
    found = rows.filter(asked, namespace__in=known.values("pk")).first()
    if found is None:
        message = _unknown("organization", name_or_id)
        raise no_such(actor, "NO_SUCH_ACCOUNT", message)
    return found


def team_named(organization: Organization, name_or_id: str) -> Team:
    """Return a team of the organization; raises NO_SUCH_TEAM."""
    rows = Team.objects.select_related("organization__namespace", "group")
    asked = called(name_or_id, name="name", ids=("uuid",))
    found = rows.filter(asked, organization=organization).first()
    if found is None:
        message = f"The organization “{organization}” has no team “{name_or_id}”."
        raise NotFound(message, code="NO_SUCH_TEAM")
    return found


def of_user(name_or_id: str, prefix: str = "") -> Q:
    """Return the condition "is this person"; `prefix` leads to the person."""
    name, uuid = f"{prefix}username", f"{prefix}uuid"
    return called(name_or_id, name=name, ids=(uuid,))


def person_named(name_or_id: str) -> User:
    """Return who can sign in by this name or id; raises NO_SUCH_USER.

    Asked for who administers an organization only, and by the whole name: so members
    are added, who are in no organization yet.
    """
    people = User.objects.filter(namespace__isnull=False, is_active=True)
    found = people.filter(of_user(name_or_id)).first()
    if found is None:
        message = f"No user is called “{name_or_id}”; give the whole user name or id."
        raise NotFound(message, code="NO_SUCH_USER")
    return found


def _unknown(kind: str, name: str) -> str:
    return f"No {kind} “{name}” is visible to you."
