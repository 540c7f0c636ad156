"""All that is read of another registry before anything is written here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promotions.services.importing.errors import UnusableAnswer
from promotions.services.importing.names_there import is_account, is_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from promotions.services.importing.kinds import (
        Account,
        HiddenVulnerability,
        Member,
        Policy,
        Repository,
        Team,
        TeamAccess,
        Webhook,
    )
    from promotions.services.importing.source import Complaint, Source

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TeamThere:
    """A team and who is in it."""

    team: Team
    members: list[Member]


@dataclass(frozen=True, slots=True)
class OrganizationThere:
    """An organization, its people, its teams, and what these may do in all of it."""

    account: Account
    members: list[Member] = field(default_factory=list)
    teams: list[TeamThere] = field(default_factory=list)
    access: list[TeamAccess] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RepositoryThere:
    """A repository, and who may do what there."""

    repository: Repository
    access: list[TeamAccess]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the other registry holds, as far as it is asked for and could be read."""

    url: str
    people: dict[str, Account]
    organizations: list[OrganizationThere]
    repositories: list[RepositoryThere]
    policies: list[Policy]
    webhooks: list[Webhook]
    hidden: list[HiddenVulnerability]
    complaints: list[Complaint]


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def read(
    source: Source,
    *,
    namespaces: Collection[str] = (),
    progress: Progress = quiet,
) -> Snapshot:
    """Read everything, perhaps of some namespaces only; writes nothing.

    `progress` is told what is read, how many of it are done, and of how many. Raises
    what `errors` names.
    """
    accounts = source.accounts()
    wanted = [one for one in accounts if not namespaces or one.name in namespaces]
    groups = [one for one in wanted if one.is_organization]
    organizations = []
    for number, account in enumerate(groups):
        progress("organizations", number, len(groups))
        organizations.append(_organization(source, account))
    listed = _listed(source, namespaces)
    repositories: list[RepositoryThere] = []
    policies: dict[str, Policy] = {}
    for number, repository in enumerate(listed):
        progress("repositories", number, len(listed))
        repositories.append(_repository(source, repository, policies))
    progress("repositories", len(listed), len(listed))
    owners = {one.account.name for one in organizations}
    _add_wide(source, owners | {one.namespace for one in listed}, policies)
    return Snapshot(
        url=source.url,
        people={one.name: one for one in accounts if not one.is_organization},
        organizations=organizations,
        repositories=repositories,
        policies=list(policies.values()),
        webhooks=_within(source.webhooks(), namespaces),
        hidden=source.hidden_vulnerabilities(),
        complaints=source.complaints,
    )


def _organization(source: Source, account: Account) -> OrganizationThere:
    if not is_account(account.name):
        return OrganizationThere(account)  # refused by its name later
    teams = [
        TeamThere(team, source.team_members(account.name, team.id or team.name))
        for team in source.teams(account.name)
    ]
    members = source.members(account.name)
    access = source.namespace_team_access(account.name)
    return OrganizationThere(account, members, teams, access)


def _listed(source: Source, namespaces: Collection[str]) -> list[Repository]:
    if not namespaces:
        return source.repositories()
    return [row for name in namespaces for row in source.repositories(name)]


def _repository(
    source: Source, listed: Repository, policies: dict[str, Policy]
) -> RepositoryThere:
    """Read one with its access, and add its policies, each once."""
    if not is_repository(listed.full_name):
        return RepositoryThere(listed, [])
    namespace, name = listed.namespace, listed.name
    whole = source.repository(namespace, name)
    if whole.full_name != listed.full_name:
        message = f"Asked for {listed.full_name}, {source.url} answers another one."
        raise UnusableAnswer(message)
    of_organization = whole.namespace_type == "organization"
    access = source.team_access(namespace, name) if of_organization else []
    for policy in source.policies(namespace, name):
        policies.setdefault(policy.id, policy)
    return RepositoryThere(whole, access)


def _add_wide(
    source: Source, namespaces: Collection[str], policies: dict[str, Policy]
) -> None:
    """Put policies over many repositories in the place of what single ones show."""
    wide = [row for name in sorted(namespaces) for row in _wide_of(source, name)]
    for policy in (*wide, *source.global_policies()):
        policies[policy.id] = policy


def _wide_of(source: Source, namespace: str) -> list[Policy]:
    return source.namespace_policies(namespace) if is_account(namespace) else []


def _within(webhooks: list[Webhook], namespaces: Collection[str]) -> list[Webhook]:
    return [
        one
        for one in webhooks
        if not namespaces or one.key.partition("/")[0] in namespaces
    ]
