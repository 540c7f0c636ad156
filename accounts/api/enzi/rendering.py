"""Accounts, teams and members as eNZi answered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import Namespace, Organization, Team, User


def account_of(namespace: Namespace) -> dict[str, Any]:
    """Return responses.Account of a row that came from `for_accounts()`."""
    row: Any = namespace
    if namespace.is_personal:
        return user_account(row.user, is_imported=row.is_imported)
    return organization_account(
        row.organization, members=row.members_count, teams=row.teams_count
    )


def user_account(user: User, *, is_imported: bool) -> dict[str, Any]:
    """Return responses.Account of a person."""
    return {
        "name": user.username,
        "id": str(user.uuid),
        "fullName": user.get_full_name(),
        "isOrg": False,
        "isAdmin": user.is_superuser,
        "isActive": user.is_active,
        "isImported": is_imported,
        "membersCount": 0,
        "teamsCount": 0,
    }


def account_of_user(user: User) -> dict[str, Any]:
    """Return responses.Account of one person, who is no row of a list."""
    return user_account(user, is_imported=user.socialaccount_set.exists())


def organization_account(
    organization: Organization, *, members: int, teams: int
) -> dict[str, Any]:
    """Return responses.Account of an organization."""
    return {
        "name": organization.namespace.name,
        "id": str(organization.uuid),
        "fullName": organization.full_name,
        "isOrg": True,
        "isAdmin": False,
        "isActive": True,
        "isImported": False,
        "membersCount": members,
        "teamsCount": teams,
    }


def team_of(team: Team, *, members: int) -> dict[str, Any]:
    """Return responses.Team."""
    return {
        "orgID": str(team.organization.uuid),
        "name": team.name,
        "id": str(team.uuid),
        "description": team.description,
        "membersCount": members,
    }


def member_of(membership: Any, *, is_admin: bool) -> dict[str, Any]:
    """Return responses.Member of a membership that came from `for_accounts()`.

    `isPublic` is older than the published reference; nobody is a public member here.
    """
    member = user_account(membership.user, is_imported=membership.is_imported)
    return {"member": member, "isAdmin": is_admin, "isPublic": False}
