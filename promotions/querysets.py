"""Reads and state changes: which policies act where, which promotions are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.access import Action, Actor
from repositories.models import Repository

if TYPE_CHECKING:
    from uuid import UUID

    # ruff does not see names used in the brackets of a base class
    from promotions.models.policy import PromotionPolicy  # noqa: F401 - in brackets
    from promotions.models.promotion import Promotion, State  # noqa: F401 - in brackets


class IllegalTransition(Exception):
    """The promotion is not in a state from which the wanted one can be reached.

    Also raised when the lease under which the caller works was lost.
    """


def _sight(actor: Actor, **of: str) -> Exists:
    """Return the condition "the actor may pull the repository with these fields"."""
    pullable = Repository.objects.permitted(actor, Action.PULL)
    return Exists(pullable.filter(**{key: OuterRef(of[key]) for key in of}))


class PromotionPolicyQuerySet(models.QuerySet["PromotionPolicy"]):
    """Policies."""

    def live(self) -> Self:
        """Return those that were not deleted, with what a list shows of each."""
        return self.filter(
            deleted_at__isnull=True, current_version__isnull=False
        ).select_related(
            "source_namespace",
            "current_version__source_repository__namespace",
            "current_version__target_namespace",
        )

    def of_source(self, repository: Repository) -> Self:
        return self.live().filter(current_version__source_repository=repository)

    def of_target(self, repository: Repository) -> Self:
        return self.live().filter(
            current_version__target_namespace=repository.namespace_id,
            current_version__target_name=repository.name,
        )

    def with_sight(self, actor: Actor) -> Self:
        """Add `sees_source` and `sees_target`: whether the actor may pull that side."""
        version = "current_version__"
        return self.annotate(
            sees_source=_sight(actor, pk=f"{version}source_repository"),
            sees_target=_sight(
                actor,
                namespace=f"{version}target_namespace",
                name=f"{version}target_name",
            ),
        )

    def enabled_for(self, repository: Repository) -> Self:
        """Return the policies that are asked about a push to `repository`."""
        return self.of_source(repository).filter(enabled=True)


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Promotions."""

    def visible_to(self, actor: Actor) -> Self:
        """Return those whose source or target the actor may pull."""
        pullable = Repository.objects.permitted(actor, Action.PULL).values("pk")
        return self.filter(
            Q(source_repository__in=pullable) | Q(target_repository__in=pullable)
        )

    def with_sight(self, actor: Actor) -> Self:
        """Add `sees_source` and `sees_target`: whether the actor may pull that side."""
        return self.annotate(
            sees_source=_sight(actor, pk="source_repository"),
            sees_target=_sight(actor, namespace="target_namespace", name="target_name"),
        )

    def for_listing(self) -> Self:
        """Return the promotions with what a list shows of each, in one query."""
        return self.select_related(
            "source_repository__namespace",
            "target_namespace",
            "target_repository__namespace",
            "policy",
            "policy_version",
            "requested_by",
            "manifest",
        ).defer("manifest__raw")

    def of(self, repository: Repository, *, as_source: bool) -> Self:
        """Return the history of a repository, as source or as target."""
        if as_source:
            return self.filter(source_repository=repository)
        return self.filter(
            target_namespace=repository.namespace_id, target_name=repository.name
        )

    def due(self) -> Self:
        """Return what a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="pending") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        return self.filter(waiting | Q(state="running", leased_until__lt=now))

    def move_to(
        self, state: State, *, lease: UUID | None = None, **fields: Any
    ) -> None:
        """Bring the one promotion selected into `state` and set `fields`.

        The UPDATE names the legal previous states and, with `lease`, the lease under
        which the caller works; raises IllegalTransition when no row changed.
        """
        rows = self.filter(state__in=self.model.TRANSITIONS[state])
        if lease is not None:
            rows = rows.filter(lease_token=lease)
        if state.is_final:
            fields.setdefault("finished_at", timezone.now())
        if not rows.update(state=state, **fields):
            message = f"The promotion cannot become {state} now."
            raise IllegalTransition(message)
