"""Read who was given what on a namespace or a repository, and who has it besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from accounts.access import AccessLevel
from accounts.models import OrganizationMembership, Team, User

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from accounts.models import Namespace

# Of each kind, teams and people, on one page; more are found by their name.
MAX_SHOWN = 100
MAX_SUGGESTED = 200
NAMED = 5  # of those who can grant what somebody lacks


@dataclass(frozen=True, slots=True)
class Holding:
    """One grant: who has which level."""

    kind: str
    name: str
    level: AccessLevel

    @property
    def is_scan(self) -> bool:
        return self.level == AccessLevel.SCAN


@dataclass(frozen=True, slots=True)
class Holders:
    """Who was given something on one object; `has_more` asks to search."""

    teams: list[Holding]
    people: list[Holding]
    has_more: bool


def holders_of(subject: Model, search: str = "") -> Holders:
    """Return the grants on the subject, by name, of whose name holds `search`."""
    teams, more_teams = _held(
        get_group_obj_perms_model(subject), subject, "group__team__name", search
    )
    people, more_people = _held(
        get_user_obj_perms_model(subject), subject, "user__username", search
    )
    return Holders(
        [Holding("team", row.group.team.name, row.level) for row in teams],
        [Holding("user", row.user.username, row.level) for row in people],
        has_more=more_teams or more_people,
    )


def admins_of(subject: Model) -> list[str]:
    """Return the names of people who can grant something on the subject, up to NAMED.

    Those who own the namespace come first; members of teams are not named.
    """
    namespace = cast("Namespace", getattr(subject, "namespace", subject))
    names = [owner.username for owner in owners_of(namespace)]
    for one in dict.fromkeys((namespace, subject)):
        rows = get_user_obj_perms_model(one)._default_manager.filter(
            content_object=one, permission__codename=AccessLevel.ADMIN
        )
        names += rows.order_by("user__username").values_list(
            "user__username", flat=True
        )[:NAMED]
    return list(dict.fromkeys(names))[:NAMED]


def owners_of(namespace: Namespace) -> list[User]:
    """Return who administers a namespace by owning it, up to MAX_SHOWN."""
    if namespace.is_personal:
        return list(User.objects.filter(namespace=namespace))
    rows = OrganizationMembership.objects.filter(
        organization__namespace=namespace, is_owner=True
    )
    owners = rows.select_related("user").order_by("user__username")
    return [row.user for row in owners[:MAX_SHOWN]]


def suggestions(namespace: Namespace) -> list[str]:
    """Return names to offer to an admin: their own teams and members, nobody else."""
    if namespace.is_personal:
        return []
    teams = Team.objects.filter(organization__namespace=namespace).order_by()
    members = User.objects.filter(organizations__namespace=namespace, is_active=True)
    names = teams.values_list("name").union(members.order_by().values_list("username"))
    return [name for (name,) in names.order_by("name")[:MAX_SUGGESTED]]


def _held(
    table: Any, subject: Model, named: str, search: str
) -> tuple[list[Any], bool]:
    path = named.rpartition("__")[0]
    rows: QuerySet[Any] = table.objects.filter(
        **{"content_object": subject, f"{path}__isnull": False}
    )
    if search:
        rows = rows.filter(**{f"{named}__icontains": search})
    rows = rows.select_related(path, "permission").order_by(named, "kind")
    found = list(rows[: MAX_SHOWN + 1])
    return found[:MAX_SHOWN], len(found) > MAX_SHOWN
