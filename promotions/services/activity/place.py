"""Which rows of each table a reader sees of a place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Action
from accounts.models import AuditEvent
from promotions.models import PolicyVersion, Promotion
from promotions.services.activity.entries import Kind
from repositories.models import (
    Repository,
    Scan,
    Tag,
    TagMove,
    VulnerabilityException,
)

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace

ENDED = ("completed", "failed")
POLICY = "promotions.PromotionPolicy"
TOLD_ELSEWHERE = ("repositories.Tag", "promotions.Promotion")
# How somebody signs in, which stands in the log of their own namespace.
PRIVATE = ("accounts.AccessToken", "accounts.User")


@dataclass(frozen=True)
class Place:
    """A repository that the actor may pull, or what they may pull in a namespace.

    Without a namespace it is the whole registry, for administrators. `administers` is
    whether the actor is an admin of the repository or namespace: of what was changed,
    others see their own acts only.
    """

    actor: Actor
    namespace: Namespace | None
    repository: Repository | None
    administers: bool

    @cached_property
    def _seen(self) -> Any:
        if self.repository is not None:
            return [self.repository.pk]
        rows = Repository.objects.permitted(self.actor, Action.PULL)
        if self.namespace is not None:
            rows = rows.filter(namespace=self.namespace)
        return rows.values("pk")

    @property
    def _is_own(self) -> bool:
        """Whether the namespace is the actor's own, or they administer the portal."""
        own = getattr(self.actor.user, "namespace_id", None)
        here = self.namespace is not None and own == self.namespace.pk
        return self.actor.is_administrator or here

    def at(self, kind: Kind) -> str:
        """Return the column that says when a row of the kind happened."""
        return kind.at

    def rows(self, kind: Kind, person: str) -> QuerySet[Any]:
        """Return the rows of a kind, with `person` of that one only."""
        return {
            Kind.TAGS: self.tags,
            Kind.PROMOTIONS: self.promotions,
            Kind.SCANS: self.scans,
            Kind.CHANGES: self.changes,
        }[kind](person)

    def tags(self, person: str) -> QuerySet[Any]:
        """Return moves of tags, each with whether the tag `stands` now."""
        tag = Tag.objects.filter(
            repository=OuterRef("repository"), name=OuterRef("tag")
        )
        rows = TagMove.objects.filter(repository__in=self._seen)
        if person:
            rows = rows.filter(moved_by=person)
        return (
            rows.annotate(stands=Exists(tag))
            .select_related("repository__namespace", "from_manifest", "to_manifest")
            .defer("from_manifest__raw", "to_manifest__raw")
        )

    def promotions(self, person: str) -> QuerySet[Any]:
        """Return promotions out of the place and into it."""
        if self.repository is not None:
            into = Q(target_namespace=self.namespace, target_name=self.repository.name)
        else:
            into = Q(target_repository__in=self._seen)
        rows = Promotion.objects.filter(Q(source_repository__in=self._seen) | into)
        rows = rows.with_sight(self.actor)
        if person:
            sees_both = {"sees_source": True, "sees_target": True}
            rows = rows.filter(requested_by__username=person, **sees_both)
        return rows.for_listing()

    def scans(self, person: str) -> QuerySet[Any]:
        """Return scans that ended, of those made through a repository of the place.

        What another tenant has scanned of the same image did not happen here.
        """
        rows = Scan.objects.filter(repository__in=self._seen, state__in=ENDED)
        if person:
            rows = rows.filter(requested_by__username=person)
        shown = ("manifest", "requested_by", "repository__namespace")
        return rows.select_related(*shown).defer("manifest__raw")

    def changes(self, person: str) -> QuerySet[Any]:
        """Return entries of the audit log about the place."""
        rows = AuditEvent.objects.exclude(object_type__in=TOLD_ELSEWHERE)
        if self.repository is not None:
            rows = rows.filter(_about(self.repository))
        elif self.namespace is not None:
            rows = rows.filter(namespace_uuid=self.namespace.uuid)
        own = getattr(self.actor.user, "uuid", None)
        if not self.administers:
            rows = rows.filter(actor_uuid=own) if own else rows.none()
        if not self._is_own:
            rows = rows.exclude(object_type__in=PRIVATE)
        if not person:
            return rows
        if not self.actor.is_administrator:  # what is not told is not found either
            here = getattr(self.namespace, "uuid", None)
            told = Q(namespace_uuid=here) | Q(actor_uuid=own)
            rows = rows.filter(~Q(object_type=POLICY) | told)
        return rows.filter(actor=person)


def _about(repository: Repository) -> Q:
    policies = PolicyVersion.objects.filter(source_repository=repository)
    hidden = VulnerabilityException.objects.filter(repository=repository)
    return (
        Q(object_uuid=repository.uuid)
        | Q(object_uuid__in=policies.values("policy__uuid"))
        | Q(object_uuid__in=hidden.values("uuid"))
    )
