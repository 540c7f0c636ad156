"""From the names in an address to rows, as far as the actor may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotFound

from accounts.access import Action
from accounts.api import no_such
from accounts.models import Namespace
from repositories.models import Repository, Tag

if TYPE_CHECKING:
    from accounts.access import Actor


def namespace_of(actor: Actor, name: str) -> Namespace:
    """Return the namespace if the actor belongs to it or may pull anything in it.

    Raises NO_SUCH_ACCOUNT.
    """
    found = Namespace.objects.filter(name=name).first()
    if found is None or not _sees(actor, found):
        message = f"No account “{name}” is visible to you."
        raise no_such(actor, "NO_SUCH_ACCOUNT", message)
    return found


def repository_of(actor: Actor, full_name: str) -> Repository:
    """Return the repository of that OCI name; raises NO_SUCH_REPOSITORY."""
    rows = Repository.objects.permitted(actor, Action.PULL).select_related("namespace")
    found = rows.named(full_name).first()
    if found is None:
        message = f"No repository “{full_name}” is visible to you."
        raise no_such(actor, "NO_SUCH_REPOSITORY", message)
    return found


def tag_of(repository: Repository, name: str) -> Tag:
    """Return a tag of a repository; raises NO_SUCH_TAG."""
    rows = Tag.objects.for_listing().filter(repository=repository)
    found = rows.filter(name=name).first()
    if found is None:
        message = f"The repository “{repository}” has no tag “{name}”."
        raise NotFound(message, code="NO_SUCH_TAG")
    return found


def _sees(actor: Actor, namespace: Namespace) -> bool:
    if Namespace.objects.visible_to(actor).filter(pk=namespace.pk).exists():
        return True
    rows = Repository.objects.permitted(actor, Action.PULL)
    return rows.filter(namespace=namespace).exists()
