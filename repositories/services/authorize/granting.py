"""The token server's decision: which of the actions asked for are granted.

Docker token specification: grant the intersection of asked and allowed; asking for too
much is no error. https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.access import Action, Actor
from repositories.models import Repository
from repositories.permissions import open_to_docker, open_to_first_push
from repositories.registry import InvalidReference, RepositoryName, ResourceScope
from repositories.services.registry import signer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from repositories.querysets import RepositoryQuerySet
    from repositories.registry import SignedToken

EVERY_ACTION = "*"
# People never get `delete`: they delete through the portal and the API.
GRANTABLE = (Action.PULL, Action.PUSH)


class RefusedName(Exception):
    """A push to a name that no repository can have; the text is for people."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A signed token, and the scopes inside it."""

    token: SignedToken
    scopes: tuple[ResourceScope, ...]


def authorize(*, actor: Actor, scopes: Iterable[ResourceScope]) -> Grant:
    """Sign a registry token for what `actor` may do of what is asked.

    Raises RefusedName for a push to a name that no repository can have.
    """
    scopes = granted_of(actor, tuple(scopes))
    signed = signer().sign(
        "" if actor.is_anonymous else actor.name,
        scopes,
        lifetime_seconds=settings.TOKEN_LIFETIME,
        now=timezone.now(),
    )
    return Grant(signed, scopes)


def granted_of(
    actor: Actor, asked: Collection[ResourceScope]
) -> tuple[ResourceScope, ...]:
    """Return the scopes with only those of their actions that the actor may do.

    The number of queries does not depend on the number of scopes. What would be left
    without an action is left out.
    """
    allowed = _on_repositories(actor, _wanted_by_name(asked))
    narrowed = (
        scope.allowing(_of_registry(actor, scope))
        if scope.type == "registry"
        else scope.allowing(_wanted(scope) & allowed.get(scope.name, set()))
        for scope in asked
    )
    return tuple(scope for scope in narrowed if scope.actions)


def _of_registry(actor: Actor, asked: ResourceScope) -> set[str]:
    """Grant the catalog, which names every tenant's repositories, to administrators."""
    may = asked.name == "catalog" and actor.is_administrator
    return {EVERY_ACTION} & asked.actions if may else set()


def _wanted(asked: ResourceScope) -> set[Action]:
    """Return the actions that a scope asks for and that people can be granted."""
    if asked.type != "repository":
        return set()
    if EVERY_ACTION in asked.actions:
        return set(GRANTABLE)
    return {action for action in GRANTABLE if action.value in asked.actions}


def _wanted_by_name(asked: Iterable[ResourceScope]) -> dict[str, set[Action]]:
    wishes: dict[str, set[Action]] = {}
    for scope in asked:
        wanted = _wanted(scope)
        if wanted and _is_possible(scope.name, wanted):
            wishes.setdefault(scope.name, set()).update(wanted)
    return wishes


def _is_possible(text: str, wanted: set[Action]) -> bool:
    """Tell whether a repository can have this name; a push must hear why not."""
    try:
        name = RepositoryName.parse(text)
    except InvalidReference:
        return False
    if Action.PUSH in wanted:
        _refuse_push_that_cannot_be_recorded(name)
    return bool(name.name)


def _refuse_push_that_cannot_be_recorded(name: RepositoryName) -> None:
    if not name.name:
        message = (
            f"“{name}” has no namespace: push to a name of two or more components,"
            f" such as team/{name}."
        )
        raise RefusedName(message)
    try:
        Repository._meta.get_field("name").run_validators(name.name)
    except ValidationError as error:
        raise RefusedName(" ".join(error.messages)) from error


def _on_repositories(
    actor: Actor, wishes: Mapping[str, set[Action]]
) -> dict[str, set[Action]]:
    """Return what the actor may do under each name."""
    allowed: dict[str, set[Action]] = {name: set() for name in wishes}
    for action in GRANTABLE:
        names = {name for name, wanted in wishes.items() if action in wanted}
        if names:
            for name in _named(open_to_docker(actor, action), names):
                allowed[name].add(action)
    refused = {
        name
        for name, wanted in wishes.items()
        if Action.PUSH in wanted and not allowed[name]
    }
    return allowed | _on_nothing_yet(actor, refused)


def _named(rows: RepositoryQuerySet, names: Collection[str]) -> set[str]:
    """Return those of the names that one of the rows has."""
    pairs = [name.partition("/") for name in names]
    found = rows.filter(
        namespace__name__in={namespace for namespace, _, _ in pairs},
        name__in={rest for _, _, rest in pairs},
    )
    # Both lists use an index; what they pair wrongly falls out here.
    keys = found.order_by().values_list("namespace__name", "name")
    return {"/".join(key) for key in keys}.intersection(names)


def _on_nothing_yet(actor: Actor, names: set[str]) -> dict[str, set[Action]]:
    """Grant a first push where pushing may create; the event then creates the row.

    The names of deleted repositories are reserved, so they are taken too.
    """
    if not names or actor.is_anonymous:
        return {}
    owners = {name.partition("/")[0] for name in names}
    rows = open_to_first_push(actor).filter(name__in=owners)
    open_owners = set(rows.values_list("name", flat=True))
    free = {name for name in names if name.partition("/")[0] in open_owners}
    if free:
        free -= _named(Repository.objects.all(), free)
    return {name: set(filter(actor.may_use, GRANTABLE)) for name in free}
