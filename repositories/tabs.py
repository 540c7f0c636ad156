"""The tabs of repository and tag pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from accounts.access import Action
from accounts.permissions import check
from accounts.tabs import Tab, TabBar
from repositories.models import Repository, VulnerabilityException

if TYPE_CHECKING:
    from accounts.access import Actor
    from repositories.models import Tag

__all__ = [
    "Tab",
    "expiring",
    "of_repository",
    "of_tag",
    "repository_context",
    "tag_context",
]

WARNED = timedelta(days=7)  # before what is hidden counts again
WARNING = {
    "info",
    "tags",
    "hidden",
    "settings",
}  # the tabs that say so; those of a tag too
SHOWN = 5


of_repository = TabBar()
of_tag = TabBar()


def repository_context(
    actor: Actor, repository: Repository, current: str
) -> dict[str, Any]:
    """Return what every page of a repository shows; the actor may pull."""
    allowed = {Action.PULL}
    if check(actor, Action.ADMIN, repository):
        allowed.add(Action.ADMIN)
    names = {"namespace": repository.namespace.name, "name": repository.name}
    may_admin = Action.ADMIN in allowed
    return {
        "repository": repository,
        "may_admin": may_admin,
        "expiring": expiring(actor, repository)
        if may_admin and current in WARNING
        else [],
        "tabs": of_repository.links(current, allowed, **names),
    }


def expiring(
    actor: Actor, repository: Repository | None = None
) -> list[VulnerabilityException]:
    """Return what is hidden, but not for long, on scopes that the actor administers.

    Of a repository only what reaches it; those that end first, first.
    """
    rows = VulnerabilityException.objects.expiring(WARNED).administered_by(actor)
    if repository is not None:
        rows = rows.of_places([repository.pk], [repository.namespace_id])
    rows = rows.select_related("author", "namespace", "repository__namespace")
    return list(rows.order_by("expires_at", "id")[:SHOWN])


def tag_context(actor: Actor, tag: Tag, current: str) -> dict[str, Any]:
    """Return what every page of a tag shows; the actor may pull."""
    repository = tag.repository
    names = {"namespace": repository.namespace.name, "name": repository.name}
    shown = repository_context(actor, repository, "tags")
    pushable = Repository.objects.permitted(actor, Action.PUSH)
    return {
        **shown,
        "tag": tag,
        "may_promote": shown["may_admin"] or pushable.exists(),
        "tag_tabs": of_tag.links(current, {Action.PULL}, tag=tag.name, **names),
    }
