"""Which promotions somebody may see, which are open, and how their state changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from django.db.models import (
    Case,
    Count,
    Exists,
    Max,
    OuterRef,
    Q,
    Value,
    When,
)
from django.utils import timezone

from accounts.access import Action, Actor
from accounts.models import Namespace
from promotions.querysets.charted import ChartedQuerySet
from repositories.models import IndexChild, Repository, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from django.db import models

    from promotions.models.promotion import State
    from promotions.models.promotion_filter import PromotionFilter

RECENT = 500
TALLIED = (
    "policy",
    "source_repository__namespace__name",
    "source_repository__name",
    "target_namespace__name",
    "target_name",
    "opens_source",
    "opens_target",
    "state",
)


class IllegalTransition(Exception):
    """The promotion is not in a state from which the wanted one can be reached.

    Also raised when the lease under which the caller works was lost.
    """


def _sight(actor: Actor, action: Action = Action.PULL, **of: str) -> Exists:
    """Return the condition "the actor may pull the repository with these fields"."""
    permitted = Repository.objects.permitted(actor, action)
    return Exists(permitted.filter(**{key: OuterRef(of[key]) for key in of}))


def _has_tag(side: str) -> Exists:
    """Return the condition "the tag on that side is there", whatever it points to."""
    return Exists(
        Tag.objects.filter(
            repository=OuterRef(f"{side}_repository"),
            name=OuterRef(f"{side}_tag"),
            repository__deleted_at__isnull=True,
        )
    )


def _stands() -> Exists:
    return Exists(
        Tag.objects.filter(
            repository=OuterRef("target_repository"),
            name=OuterRef("target_tag"),
            promotion_uuid=OuterRef("uuid"),
            repository__deleted_at__isnull=True,
        )
    )


class PromotionQuerySet(ChartedQuerySet):
    """Promotions."""

    def visible_to(self, actor: Actor) -> Self:
        """Return those whose source or target the actor may pull."""
        pullable = Repository.objects.permitted(actor, Action.PULL).values("pk")
        return self.filter(
            Q(source_repository__in=pullable) | Q(target_repository__in=pullable)
        )

    def with_sight(self, actor: Actor) -> Self:
        """Add `sees_source` and `sees_target`: whether the actor may know that side.

        Who may pull it does; of a target that does not exist, who may create it.
        """
        if actor.is_administrator:
            return self.annotate(
                sees_source=Value(value=True), sees_target=Value(value=True)
            )
        own = Namespace.objects.permitted(actor, Action.ADMIN)
        return self.annotate(
            sees_source=_sight(actor, pk="source_repository"),
            sees_target=_sight(actor, namespace="target_namespace", name="target_name")
            | Exists(own.filter(pk=OuterRef("target_namespace"))),
        )

    def known_to(self, actor: Actor) -> Self:
        """Return those of which the actor sees an end, by the names they have now."""
        return self.with_sight(actor).filter(Q(sees_source=True) | Q(sees_target=True))

    def arriving_for(self, actor: Actor) -> Self:
        """Return those of which the actor may know the target."""
        return self.with_sight(actor).filter(sees_target=True)

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

    def matching(self, wanted: PromotionFilter, reader: Actor) -> Self:
        """Return those that the filter asks for.

        The source's tag is compared only where the reader may know it.
        """
        found = {
            "state__in": wanted.states,
            "error_code__iexact": wanted.error_code,
            "policy__uuid": wanted.policy,
            "created_at__gte": wanted.since,
            "created_at__lt": wanted.until,
            "source_tag__icontains": wanted.tag,
        }
        rows = self.filter(**{key: value for key, value in found.items() if value})
        if wanted.tag:
            rows = rows.filter(_sight(reader, pk="source_repository"))
        return rows

    def states_since(self, since: datetime) -> dict[str, int]:
        """Count the promotions that were asked for since then, by state."""
        rows = self.filter(created_at__gte=since).order_by().values("state")
        return dict(rows.annotate(count=Count("pk")).values_list("state", "count"))

    def tally(
        self, reader: Actor, policies: Iterable[int], since: datetime
    ) -> models.QuerySet[Any, dict[str, Any]]:
        """Count by policy, ends and state what was asked for since then.

        Of the policies with these keys, and of what people promoted by hand and the
        reader sees an end of; of the latter, `opens_source` and `opens_target` say
        which. `last` is the creation of the newest.
        """
        pullable = Repository.objects.permitted(reader, Action.PULL).values("pk")
        seen = Q(source_repository__in=pullable) | Q(target_repository__in=pullable)
        by_hand = Q(policy__isnull=True)
        rows = self.filter(Q(policy__in=list(policies)) | (by_hand & seen))
        source, target = (
            Q(source_repository__in=pullable),
            Q(target_repository__in=pullable),
        )
        found: Any = rows.filter(created_at__gte=since).annotate(
            opens_source=Case(When(by_hand & source, then=True), default=False),
            opens_target=Case(When(by_hand & target, then=True), default=False),
        )
        tallied = found.order_by().values(*TALLIED)
        return cast(
            "models.QuerySet[Any, dict[str, Any]]",
            tallied.annotate(count=Count("pk"), last=Max("created_at")),
        )

    def of_images(self, images: models.QuerySet[Any, Any]) -> Self:
        """Return those of the images with these keys, and of indexes of them."""
        parents = IndexChild.objects.filter(child__in=images).values("index")
        return self.filter(Q(manifest__in=images) | Q(manifest__in=parents))

    def of_namespace(
        self, namespace: Namespace, actor: Actor, *, as_source: bool
    ) -> Self:
        """Return those from, or into, what the actor may pull in a namespace."""
        seen = Repository.objects.permitted(actor, Action.PULL)
        keys = seen.filter(namespace=namespace).values("pk")
        if as_source:
            return self.filter(source_repository__in=keys)
        return self.filter(target_repository__in=keys)

    def standing(self) -> Self:
        """Return those on whose copy the target tag still stands."""
        return self.filter(_stands(), state="succeeded")

    def with_tags(self) -> Self:
        """Add whether the tags have pages: `has_source_tag` and `has_target_tag`.

        And `stands`: whether the target tag is still what was brought.
        """
        return self.annotate(
            has_source_tag=_has_tag("source"),
            has_target_tag=_has_tag("target"),
            stands=_stands(),
        )

    def retryable(self) -> Self:
        """Return those that failed and were not promoted again since."""
        return self.filter(state="failed", repetitions__isnull=True)

    def promotable_by(self, actor: Actor) -> Self:
        """Return those whose source the actor may pull, and whose target push to."""
        target = {"namespace": "target_namespace", "name": "target_name"}
        return self.filter(
            _sight(actor, pk="source_repository"),
            _sight(actor, Action.PUSH, **target),
        )

    def recent_error_codes(self) -> list[str]:
        """Return the codes among the newest rows: all would cost a long history."""
        newest = self.order_by("-created_at", "-id").values_list("error_code")
        return sorted({code for (code,) in newest[:RECENT] if code})

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
