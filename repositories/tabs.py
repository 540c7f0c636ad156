"""The tabs of repository and tag pages, and what lists of tags narrow to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists

from accounts.access import Action
from accounts.permissions import check
from accounts.tabs import Tab, TabBar
from repositories.models import Repository, VulnerabilityException

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.access import Actor
    from repositories.models import Tag
    from repositories.querysets import TagQuerySet

__all__ = [
    "Tab",
    "TagState",
    "expiring",
    "of_repository",
    "of_tag",
    "repository_context",
    "tag_context",
    "tag_states",
]

WARNED = timedelta(days=7)  # before what is hidden counts again
WARNING = {"tags", "hidden", "settings"}  # the tabs that say so; those of a tag too
SHOWN = 5


of_repository = TabBar()
of_tag = TabBar()


@dataclass(frozen=True, slots=True)
class TagState:
    """What the tags of a repository can be narrowed to."""

    title: str
    narrow: Callable[[TagQuerySet, Repository], TagQuerySet]


tag_states: dict[str, TagState] = {}
"""By the word in the address; each app adds what it knows of tags."""


def repository_context(
    actor: Actor, repository: Repository, current: str, *, warns: bool = True
) -> dict[str, Any]:
    """Return what every page of a repository shows; the actor may pull.

    `warns` tells admins, on some tabs, what is hidden but soon counts again.
    """
    allowed = {Action.PULL}
    if check(actor, Action.ADMIN, repository):
        allowed.add(Action.ADMIN)
    names = {"namespace": repository.namespace.name, "name": repository.name}
    may_admin = Action.ADMIN in allowed
    return {
        "repository": repository,
        "may_admin": may_admin,
        "expiring": expiring(actor, repository)
        if warns and may_admin and current in WARNING
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
    return {
        **shown,
        **_rights(actor, repository, may_admin=shown["may_admin"]),
        "tag": tag,
        "tag_tabs": of_tag.links(current, {Action.PULL}, tag=tag.name, **names),
    }


def _rights(
    actor: Actor, repository: Repository, *, may_admin: bool
) -> dict[str, bool]:
    """Return what else to offer, in one query: an admin may do all of it."""
    rights = ("may_promote", "may_push", "may_delete")
    if may_admin:
        return dict.fromkeys(rights, True)
    pushable = Repository.objects.permitted(actor, Action.PUSH)
    deletable = Repository.objects.permitted(actor, Action.DELETE)
    answers = Repository.objects.filter(pk=repository.pk).values_list(
        Exists(pushable),
        Exists(pushable.filter(pk=repository.pk)),
        Exists(deletable.filter(pk=repository.pk)),
    )
    return dict(zip(rights, answers[0], strict=True))
