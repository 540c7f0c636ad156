"""Who may push: beside the grants, two switches decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import Action
from accounts.permissions import check

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace
    from repositories.models import Repository


def may_docker(actor: Actor, action: Action, repository: Repository) -> bool:
    """Tell whether docker may do `action` for the actor.

    Nobody pushes to a repository that takes promotions only.
    """
    if action == Action.PUSH and repository.promotions_only:
        return False
    return bool(check(actor, action, repository))


def may_create_on_push(actor: Actor, namespace: Namespace) -> bool:
    """Tell whether a push by `actor` may create a repository in the namespace."""
    if not (namespace.create_on_push and actor.may_use(Action.PUSH)):
        return False
    return bool(check(actor, Action.ADMIN, namespace))
