"""The token server's decision: which of the actions asked for are granted.

Docker token specification: grant the intersection of asked and allowed; asking for too
much is no error. https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from accounts.access import Action, Actor, TokenScope
from accounts.models import Namespace
from repositories.models import Repository
from repositories.permissions import may_create_on_push, may_docker
from repositories.registry import InvalidReference, RepositoryName, ResourceScope
from repositories.services.registry import signer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.registry import SignedToken

EVERY_ACTION = "*"
# People never get `delete`: they delete through the portal and the API.
GRANTABLE = (Action.PULL, Action.PUSH)


class NoNamespace(Exception):
    """A repository was named without a namespace; the text is for people."""


def authorize(*, actor: Actor, scopes: Iterable[ResourceScope]) -> SignedToken:
    """Sign a registry token for what `actor` may do of what is asked.

    Raises NoNamespace for a push to a repository name of one component.
    """
    granted = tuple(
        scope for asked in scopes if (scope := granted_of(actor, asked)).actions
    )
    return signer().sign(
        "" if actor.is_anonymous else actor.name,
        granted,
        lifetime_seconds=settings.TOKEN_LIFETIME,
        now=timezone.now(),
    )


def granted_of(actor: Actor, asked: ResourceScope) -> ResourceScope:
    """Return the scope with only those of its actions that the actor may do."""
    if asked.type == "repository":
        return asked.allowing(_on_repository(actor, asked))
    if asked.type == "registry" and asked.name == "catalog":
        may = actor.is_superuser and actor.may_use(TokenScope.ADMIN)
        return asked.allowing({EVERY_ACTION} if may else ())
    return asked.allowing(())


def _on_repository(actor: Actor, asked: ResourceScope) -> set[str]:
    try:
        name = RepositoryName.parse(asked.name)
    except InvalidReference:
        return set()
    wanted = {
        action
        for action in GRANTABLE
        if action.value in asked.actions or EVERY_ACTION in asked.actions
    }
    if not name.name:
        return _without_namespace(name, wanted)
    repository = Repository.objects.named(str(name)).first()
    if repository is None:
        return _on_nothing_yet(actor, name, wanted)
    return {a.value for a in wanted if may_docker(actor, a, repository)}


def _without_namespace(name: RepositoryName, wanted: set[Action]) -> set[str]:
    if Action.PUSH in wanted:
        message = (
            f"“{name}” has no namespace: push to a name of two or more components,"
            f" such as team/{name}."
        )
        raise NoNamespace(message)
    return set()


def _on_nothing_yet(
    actor: Actor, name: RepositoryName, wanted: set[Action]
) -> set[str]:
    """Grant a first push where pushing may create; the event then creates the row."""
    namespace = Namespace.objects.filter(name=name.namespace).first()
    reserved = Repository.objects.filter(
        namespace=namespace, name=name.name, deleted_at__isnull=False
    )
    if namespace is None or Action.PUSH not in wanted or reserved.exists():
        return set()
    may = may_create_on_push(actor, namespace)
    return {action.value for action in wanted} if may else set()
