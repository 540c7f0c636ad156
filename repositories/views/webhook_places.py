"""Where webhooks are looked at: at a repository, at a namespace, or all global ones.

The same pages exist in each place, and show only what belongs there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import require, require_administrator
from accounts.tabs import namespace_context
from repositories.models import Repository, Webhook
from repositories.tabs import repository_context
from repositories.views.opening import open_namespace, open_repository

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.access import Actor
    from accounts.models import Namespace
    from repositories.models import WebhookDelivery
    from repositories.querysets import WebhookQuerySet


@dataclass(frozen=True)
class Place:
    """Where an admin stands; without a scope at the global webhooks."""

    actor: Actor
    scope: Repository | Namespace | None = None

    def webhooks(self) -> WebhookQuerySet:
        """Return the webhooks of this very scope."""
        rows = Webhook.objects.for_listing()
        if isinstance(self.scope, Repository):
            return rows.filter(repository=self.scope)
        return rows.filter(repository=None, namespace=self.scope)

    def webhook(self, uuid: UUID) -> Webhook:
        """Return a webhook of this scope; Http404 otherwise."""
        return get_object_or_404(self.webhooks(), uuid=uuid)

    def delivery(self, uuid: UUID, delivery: UUID) -> WebhookDelivery:
        """Return a delivery of a webhook of this scope; Http404 otherwise."""
        webhook = self.webhook(uuid)
        found = get_object_or_404(webhook.deliveries.all(), uuid=delivery)
        found.webhook = webhook
        return found

    def url(self, page: str, *arguments: Any) -> str:
        """Return the address of a page about webhooks in this place."""
        return url_in(self.scope, page, *arguments)

    @cached_property
    def context(self) -> dict[str, Any]:
        """What the head of every page here shows."""
        shown = {"repository": None, "namespace": None, **self._head}
        pages = {"list_url": self.url("webhooks"), "new_url": self.url("webhooks_new")}
        return {**shown, **pages, "scope": self.scope}

    @property
    def _head(self) -> dict[str, Any]:
        if isinstance(self.scope, Repository):
            return repository_context(self.actor, self.scope, "webhooks")
        if self.scope is not None:
            return namespace_context(self.actor, self.scope, "webhooks", may_admin=True)
        return {}


def url_in(scope: Repository | Namespace | None, page: str, *arguments: Any) -> str:
    """Return the address of a page about the webhooks of a scope."""
    names, prefix = [scope.name] if scope else [], "namespace_" if scope else "global_"
    if isinstance(scope, Repository):
        names, prefix = [scope.namespace.name, scope.name], ""
    return reverse(f"repositories:{prefix}{page}", args=(*names, *arguments))


def open_place(request: HttpRequest, namespace: str = "", name: str = "") -> Place:
    """Return the place of an address, to its admins.

    Http404 or PermissionDenied for others.
    """
    actor = actor_of(request)
    if name:
        return Place(actor, open_repository(request, namespace, name, Action.ADMIN))
    if namespace:
        found = open_namespace(actor, namespace)
        require(actor, Action.ADMIN, found)
        return Place(actor, found)
    require_administrator(actor)
    return Place(actor)
