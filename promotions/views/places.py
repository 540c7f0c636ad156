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
from promotions.permissions import administers
from promotions.services import policies
from repositories.tabs import repository_context
from repositories.views import open_repository

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from promotions.permissions import End
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
        found = self._found(uuid)
        for version in (found.current_version, found.proposed_version):
            if version is not None:
                version.policy = found  # so that nobody fetches it again
        return found

    def _found(self, uuid: UUID) -> PromotionPolicy:
        if self.repository is None:
            rows = self.outgoing() | self.incoming()
            return get_object_or_404(rows.with_consents(), uuid=uuid)
        kept = PromotionPolicy.objects.kept()
        found = get_object_or_404(kept.with_consents(), uuid=uuid)
        if not self._is_named_by(found):  # then it is by a pattern, or not
            get_object_or_404(self.outgoing() | self.incoming(), pk=found.pk)
        return found

    def _is_named_by(self, policy: PromotionPolicy) -> bool:
        """Tell whether what runs, or the proposal, names this repository as source."""
        versions = (policy.current_version, policy.proposed_version)
        sources = [one.source_repository for one in versions if one is not None]
        return self.repository in sources

    def voice(self, version: PolicyVersion) -> policies.Voice:
        """Return for which sides of a version the reader speaks."""
        ends = policies.Ends.of(version)
        return policies.Voice(
            source=self.speaks_for(ends.source), target=self.speaks_for(ends.target)
        )

    def speaks_for(self, end: End) -> bool:
        """Tell whether the reader administers an end; of the place that is known."""
        here = self.repository or self.namespace
        if here is not None and end == here:
            return self.administers
        return administers(self.actor, end)

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
            shown = namespace_context(
                self.actor, self.namespace, "promotions", may_admin=True
            )
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
