"""Everything in its order: people, organizations, repositories, policies, the rest."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.access import AccessLevel
from accounts.models import User
from accounts.permissions import require_administrator
from accounts.services import grants, users
from promotions.models import Import
from promotions.services.importing.ledger import Became, Kind, Ledger, State, Thing
from promotions.services.importing.snapshot import OrganizationThere, quiet
from promotions.services.importing.structure.contents import Contents
from promotions.services.importing.structure.owners import Owners
from promotions.services.importing.structure.webhooks import take_webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.access import Actor
    from promotions.models import ImportedObject
    from promotions.services.importing.snapshot import (
        Progress,
        RepositoryThere,
        Snapshot,
    )
    from promotions.services.importing.source import Complaint


@dataclass(frozen=True, slots=True)
class Choices:
    """How to take over.

    `merge` are namespaces that are here already and may be added to. With `dry_run`
    everything is done, and undone at the end.
    """

    merge: frozenset[str] = frozenset()
    existing_users_only: bool = False
    dry_run: bool = False


def take_over(
    *,
    actor: Actor,
    snapshot: Snapshot,
    choices: Choices,
    progress: Progress = quiet,
) -> Ledger:
    """Take over what was read, each object in a transaction of its own.

    Administrators only. What an earlier run took over stays as it is now; policies
    come switched off, with nobody's consent. Returns what became of everything.
    """
    require_administrator(actor)
    with _undone(is_wanted=choices.dry_run):
        ledger = Ledger.of(actor, _import(actor, snapshot.url))
        owners = Owners(ledger, choices.merge, choices.existing_users_only)
        _people(owners, snapshot)
        for there in snapshot.organizations:
            owners.organization(there)
        _let_images_in(owners, snapshot)
        _contents(Contents(ledger, owners), snapshot, progress)
        Import.objects.filter(pk=ledger.source.pk).update(finished_at=timezone.now())
    return ledger


@contextmanager
def _undone(*, is_wanted: bool) -> Iterator[None]:
    """Undo in the end what is done inside, for a dry run."""
    if not is_wanted:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _import(actor: Actor, url: str) -> Import:
    user = actor.user
    if not isinstance(user, User):
        message = "An import is somebody's: name an administrator."
        raise TypeError(message)
    row, _ = Import.objects.get_or_create(source_url=url, defaults={"started_by": user})
    return row


def _people(owners: Owners, snapshot: Snapshot) -> None:
    """Take over who is in an organization, and whose repositories are."""
    members = [
        member.name
        for there in snapshot.organizations
        for some in (there.members, *(team.members for team in there.teams))
        for member in some
    ]
    personal = [
        there.repository.namespace
        for there in snapshot.repositories
        if there.repository.namespace_type == "user"
    ]
    for name in dict.fromkeys((*members, *personal)):
        owners.person(name, snapshot.people.get(name))


def _contents(contents: Contents, snapshot: Snapshot, progress: Progress) -> None:
    groups = {there.account.name: there for there in snapshot.organizations}
    total = len(snapshot.repositories)
    for number, there in enumerate(snapshot.repositories):
        progress("taken over", number, total)
        _repository(contents, there, groups.get(there.repository.namespace))
    progress("taken over", total, total)
    for policy in snapshot.policies:
        contents.policy(policy)
    for webhook in snapshot.webhooks:
        take_webhook(contents, webhook)
    for hidden in snapshot.hidden:
        contents.hidden(hidden)
    for complaint in snapshot.complaints:
        contents.ledger.list_only(_entry(complaint), State.REFUSED, complaint.reason)


def _entry(complaint: Complaint) -> Thing:
    """Return a thing for an entry without a name: the same entry is the same thing."""
    content = f"{complaint.reason}{complaint.original}".encode()
    key = hashlib.sha256(content).hexdigest()
    return Thing(Kind.ENTRY, key, f"entry {key[:12]}", complaint.original)


def _repository(
    contents: Contents, there: RepositoryThere, group: OrganizationThere | None
) -> None:
    here = contents.repository(there.repository)
    if here is None or group is None:
        return
    for access in there.access:
        contents.owners.access(Kind.TEAM_ACCESS, group, access, here)


def _let_images_in(owners: Owners, snapshot: Snapshot) -> None:
    """Let the importing user push into what is taken over, until it is switched on."""
    actor = owners.ledger.actor
    user = users.importer(actor=actor)
    names = {there.repository.namespace for there in snapshot.repositories}
    for name in sorted(filter(owners.may_fill, names)):

        def work(_before: ImportedObject | None, name: str = name) -> Became:
            grants.grant(
                actor=actor,
                level=AccessLevel.READ_WRITE,
                to=user,
                on=owners.namespace(name),
            )
            return Became(State.DONE, "Until the namespace is switched on.")

        label = f"{name}: {user.username}"
        thing = Thing(Kind.NAMESPACE_ACCESS, f"{name} {user.username}", label)
        owners.ledger.take_over(thing, work)
