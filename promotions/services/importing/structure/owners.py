"""People, organizations and teams; and which namespaces an import may fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.access import AccessLevel, GrantKind
from accounts.models import Namespace, Organization, Team, User
from accounts.services import grants, organizations, teams, users
from promotions.services.importing.ledger import Became, Kind, State, Thing

if TYPE_CHECKING:
    from promotions.models import ImportedObject
    from promotions.services.importing.kinds import Account, Member, TeamAccess
    from promotions.services.importing.ledger import Ledger
    from promotions.services.importing.snapshot import OrganizationThere, TeamThere
    from repositories.models import Repository

LEVELS = {level.label: level for level in AccessLevel if level != AccessLevel.SCAN}
NOT_HERE = "The person {} was not taken over."
OTHERS = (
    "The namespace {0} was here before: who is in it, what they may and what it holds"
    " is left as it is. Name it with --merge {0} to add to it."
)


@dataclass(frozen=True, slots=True)
class Owners:
    """Takes people and organizations over.

    `merge` are namespaces that were here before and may be added to: else a foreign
    registry could make somebody an owner of a tenant that it has no say in.
    """

    ledger: Ledger
    merge: frozenset[str]
    existing_users_only: bool

    def person(self, name: str, account: Account | None) -> None:
        """Take a person over; who is here already is the same by the name."""
        original = account.original if account else {}

        def work(_before: ImportedObject | None) -> Became:
            found = User.objects.filter(username=name, namespace__isnull=False).first()
            if found is not None:
                is_filled = name in self.merge
                state = State.DONE if is_filled else State.SKIPPED
                return Became(state, "Was here before.", found.uuid)
            if account is not None and not account.is_active:
                return Became(State.REFUSED, "May not sign in there any more.")
            if self.existing_users_only:
                return Became(State.REFUSED, "Is not here, and nobody is to be made.")
            made = users.create(
                actor=self.ledger.actor,
                username=name,
                password=None,
                full_name=account.full_name[:150] if account else "",
            )
            return Became(State.DONE, _about(account), made.uuid)

        self.ledger.take_over(Thing(Kind.USER, name, name, original), work)

    def organization(self, there: OrganizationThere) -> None:
        """Take an organization over, then its people, teams and what these may do."""
        account = there.account
        thing = Thing(Kind.ORGANIZATION, account.name, account.name, account.original)
        self.ledger.take_over(thing, lambda _before: self._made(there))
        for member in there.members:
            self._member(account.name, member)
        for team in there.teams:
            self._team(account.name, team)
        for access in there.access:
            self.access(Kind.NAMESPACE_ACCESS, there, access, None)

    def may_fill(self, namespace: str) -> bool:
        """Tell whether the namespace was made by the import, or named to be merged."""
        states = {
            self.ledger.state(kind, namespace)
            for kind in (Kind.ORGANIZATION, Kind.USER)
        }
        return State.DONE in states

    def namespace(self, name: str) -> Namespace:
        """Return a namespace that may be filled; raises ValidationError."""
        found = Namespace.objects.filter(name=name).first()
        if found is None:
            message = f"The namespace {name} was not taken over."
            raise ValidationError(message)
        if not self.may_fill(name):
            raise ValidationError(OTHERS.format(name))
        return found

    def access(
        self,
        kind: Kind,
        there: OrganizationThere,
        access: TeamAccess,
        repository: Repository | None,
    ) -> None:
        """Give a team its level on a repository, or on the whole namespace."""
        namespace = there.account.name
        on = repository.full_name if repository else namespace
        name = team_name(there, access)
        thing = Thing(kind, f"{on} {name}", f"{on}: {name}", access.original)

        def work(_before: ImportedObject | None) -> Became:
            level = LEVELS.get(access.level)
            if level is None:
                message = f"The level “{access.level}” is not known here."
                raise ValidationError(message)
            owner = self.namespace(namespace)
            team, place = self._team_here(namespace, name), repository or owner
            if place.group_grants.filter(
                group=team.group, kind=GrantKind.LEVEL
            ).exists():
                return Became(State.SKIPPED, "Has a level here, which stays.")
            grants.grant(actor=self.ledger.actor, level=level, to=team, on=place)
            return Became(State.DONE, level.label)

        self.ledger.take_over(thing, work)

    def _made(self, there: OrganizationThere) -> Became:
        name = there.account.name
        found = Organization.objects.filter(namespace__name=name).first()
        if found is not None:
            if name in self.merge:
                return Became(
                    State.DONE, "Was here before, and is added to.", found.uuid
                )
            return Became(State.SKIPPED, OTHERS.format(name), found.uuid)
        made = organizations.create(
            actor=self.ledger.actor,
            name=name,
            primary_owner=self._first_owner(there),
            full_name=there.account.full_name[:200],
        )
        return Became(State.DONE, local=made.uuid)

    def _first_owner(self, there: OrganizationThere) -> User:
        """Return an owner of there who is here, else who imports."""
        for member in there.members:
            if member.is_admin and (found := self._person_here(member.name)):
                return found
        if not isinstance(self.ledger.actor.user, User):
            message = "An organization needs an owner who is a person."
            raise ValidationError(message)
        return self.ledger.actor.user

    def _member(self, organization: str, member: Member) -> None:
        path = f"{organization}/{member.name}"

        def work(_before: ImportedObject | None) -> Became:
            self.namespace(organization)
            here = Organization.objects.get(namespace__name=organization)
            user = self._needed(member.name)
            if here.memberships.filter(user=user).exists():
                return Became(State.DONE, "Was a member already.")
            organizations.set_member(
                actor=self.ledger.actor,
                organization=here,
                user=user,
                is_owner=member.is_admin,
            )
            return Became(State.DONE, "owner" if member.is_admin else "")

        thing = Thing(Kind.MEMBER, path, path, member.original)
        self.ledger.take_over(thing, work)

    def _team(self, organization: str, there: TeamThere) -> None:
        path = f"{organization}/{there.team.name}"
        thing = Thing(Kind.TEAM, path, path, there.team.original)

        def work(_before: ImportedObject | None) -> Became:
            self.namespace(organization)
            owner = Organization.objects.get(namespace__name=organization)
            found = owner.teams.filter(name=there.team.name).first()
            if found is not None:
                return Became(State.DONE, "Was here before.", found.uuid)
            made = teams.create(
                actor=self.ledger.actor,
                organization=owner,
                name=there.team.name,
                description=there.team.description[:200],
            )
            return Became(State.DONE, local=made.uuid)

        self.ledger.take_over(thing, work)
        for member in there.members:
            self._team_member(organization, there.team.name, member)

    def _team_member(self, organization: str, team: str, member: Member) -> None:
        path = f"{organization}/{team}/{member.name}"

        def work(_before: ImportedObject | None) -> Became:
            self.namespace(organization)
            teams.add_member(
                actor=self.ledger.actor,
                team=self._team_here(organization, team),
                user=self._needed(member.name),
            )
            return Became(State.DONE)

        thing = Thing(Kind.TEAM_MEMBER, path, path, member.original)
        self.ledger.take_over(thing, work)

    def _team_here(self, organization: str, name: str) -> Team:
        uuid = self.ledger.local(Kind.TEAM, f"{organization}/{name}")
        rows = Team.objects.select_related("organization__namespace", "group")
        found = rows.filter(uuid=uuid).first() if isinstance(uuid, UUID) else None
        if found is None:
            message = f"The team {organization}/{name} was not taken over."
            raise ValidationError(message)
        return found

    def _needed(self, name: str) -> User:
        found = self._person_here(name)
        if found is None:
            raise ValidationError(NOT_HERE.format(name))
        return found

    def _person_here(self, name: str) -> User | None:
        uuid = self.ledger.local(Kind.USER, name)
        return User.objects.filter(uuid=uuid).first() if uuid else None


def team_name(there: OrganizationThere, access: TeamAccess) -> str:
    """Return the name of a team that has access; MSR names it by its id alone."""
    ids = {one.team.id: one.team.name for one in there.teams if one.team.id}
    return ids.get(access.team_id) or access.team_name or access.team_id


def _about(account: Account | None) -> str:
    said = "Was made without a password: only a sign-in provider or a new one lets in."
    if account is not None and account.is_admin:
        return f"{said} Administers the registry there, and not here."
    return said
