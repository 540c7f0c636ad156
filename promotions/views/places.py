"""Where policies are looked at: at a repository, at a namespace, or all global ones.

The same pages exist in each place; what differs is which policies are found there,
who may open it, and its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.permissions import require, require_administrator
from accounts.tabs import namespace_context
from promotions.models import PromotionPolicy
from repositories.tabs import repository_context
from repositories.views import open_repository

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.access import Actor
    from promotions.querysets import PromotionPolicyQuerySet
    from repositories.models import Repository


@dataclass(frozen=True)
class Place:
    """Where the reader stands; neither of the two means at the global policies."""

    actor: Actor
    repository: Repository | None = None
    namespace: Namespace | None = None

    @cached_property
    def administers(self) -> bool:
        """Whether the reader may make policies here, and answer for it."""
        return bool(self.context["may_admin"])

    def outgoing(self) -> PromotionPolicyQuerySet:
        """Return the policies that promote from here."""
        rows = PromotionPolicy.objects
        if self.repository is not None:
            return rows.of_source(self.repository)
        if self.namespace is not None:
            return rows.of_namespace(self.namespace)
        return rows.of_no_namespace()

    def incoming(self) -> PromotionPolicyQuerySet:
        """Return the policies that promote into here.

        What is proposed is for those who can accept it.
        """
        rows = PromotionPolicy.objects
        if self.repository is not None:
            return rows.of_target(self.repository, with_proposed=self.administers)
        if self.namespace is not None:
            return rows.into_namespace(self.namespace)
        return rows.none()

    def policy(self, uuid: UUID) -> PromotionPolicy:
        """Return a policy that is found here, either way; Http404 otherwise."""
        rows = self.outgoing() | self.incoming()
        return get_object_or_404(rows.with_consents(), uuid=uuid)

    def url(self, page: str, *arguments: Any) -> str:
        """Return the address of a page about policies in this place."""
        return reverse(
            f"promotions:{self._prefix}{page}", args=(*self._names, *arguments)
        )

    @cached_property
    def context(self) -> dict[str, Any]:
        """What the head of every page here shows, and `may_admin`."""
        if self.repository is not None:
            return repository_context(self.actor, self.repository, "promotions")
        nothing = {"repository": None, "namespace": None}
        if self.namespace is not None:
            shown = namespace_context(self.actor, self.namespace, "promotions")
            return {**nothing, **shown}
        return {**nothing, "may_admin": True}  # only administrators open this place

    @property
    def _prefix(self) -> str:
        if self.repository is not None:
            return ""
        return "namespace_" if self.namespace is not None else "global_"

    @property
    def _names(self) -> tuple[str, ...]:
        if self.repository is not None:
            return (self.repository.namespace.name, self.repository.name)
        return () if self.namespace is None else (self.namespace.name,)


def open_place(request: HttpRequest, namespace: str = "", name: str = "") -> Place:
    """Return the place of an address, to who may open it.

    A repository's is for its readers, a namespace's for its admins, and the global one
    for administrators; Http404 or PermissionDenied for others.
    """
    actor = actor_of(request)
    if name:
        return Place(actor, repository=open_repository(request, namespace, name))
    if namespace:
        found = get_object_or_404(Namespace, name=namespace)
        require(actor, Action.ADMIN, found)
        return Place(actor, namespace=found)
    require_administrator(actor)
    return Place(actor)
