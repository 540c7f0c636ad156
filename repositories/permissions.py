"""Where docker may pull and push: beside the grants, two switches decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import Action
from accounts.models import Namespace
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.querysets import NamespaceQuerySet
    from repositories.querysets import RepositoryQuerySet


def open_to_docker(actor: Actor, action: Action) -> RepositoryQuerySet:
    """Return the repositories on which docker may do `action` for the actor.

    Nobody pushes to a repository that takes promotions only.
    """
    allowed = Repository.objects.permitted(actor, action)
    return allowed.filter(promotions_only=False) if action == Action.PUSH else allowed


def open_to_first_push(actor: Actor) -> NamespaceQuerySet:
    """Return the namespaces in which a push by `actor` may create a repository."""
    allowed = Namespace.objects.permitted(actor, Action.ADMIN)
    if not actor.may_use(Action.PUSH):
        return allowed.none()
    return allowed.filter(create_on_push=True)
