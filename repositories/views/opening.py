"""From an address of the portal to rows, as far as the reader may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.access import Action, Actor
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.permissions import require
from accounts.views.opening import asked
from repositories.models import Repository, Tag

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["asked", "open_namespace", "open_repository", "open_tag", "repository_url"]


def open_repository(
    request: HttpRequest, namespace: str, name: str, action: Action = Action.PULL
) -> Repository:
    """Return the repository of an address; Http404 or PermissionDenied otherwise."""
    actor = actor_of(request)
    visible = Repository.objects.permitted(actor, Action.PULL)
    rows = visible.select_related("namespace").named(f"{namespace}/{name}")
    repository = get_object_or_404(rows)
    if action != Action.PULL:
        require(actor, action, repository)
    return repository


def open_tag(request: HttpRequest, namespace: str, name: str, tag: str) -> Tag:
    """Return the tag of an address; Http404 when the reader may not pull it."""
    visible = Repository.objects.permitted(actor_of(request), Action.PULL)
    named = visible.named(f"{namespace}/{name}").values("pk")
    rows = Tag.objects.for_listing().filter(repository__in=named)
    return get_object_or_404(rows, name=tag)


def open_namespace(actor: Actor, name: str) -> Namespace:
    """Return a namespace that concerns the actor or has something to show them."""
    visible = Repository.objects.permitted(actor, Action.PULL).values("namespace")
    rows = Namespace.objects.concerning(actor, visible)
    return get_object_or_404(rows, name=name)


def repository_url(repository: Repository) -> str:
    """Return the address of a repository's first tab."""
    return reverse(
        "repositories:repository", args=(repository.namespace.name, repository.name)
    )
