"""Which promotions somebody may see, which are open, and how their state changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone

from accounts.access import Action, Actor
from accounts.models import Namespace
from repositories.models import IndexChild, Repository, Tag

if TYPE_CHECKING:
    from uuid import UUID

    from promotions.models.promotion import Promotion, State
    from promotions.models.promotion_filter import PromotionFilter

RECENT = 500


class IllegalTransition(Exception):
    """The promotion is not in a state from which the wanted one can be reached.

    Also raised when the lease under which the caller works was lost.
    """


def _sight(actor: Actor, action: Action = Action.PULL, **of: str) -> Exists:
    """Return the condition "the actor may pull the repository with these fields"."""
    permitted = Repository.objects.permitted(actor, action)
    return Exists(permitted.filter(**{key: OuterRef(of[key]) for key in of}))


class PromotionQuerySet(models.QuerySet["Promotion"]):
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

    def of_images(self, images: models.QuerySet[Any, Any]) -> Self:
        """Return those of the images with these keys, and of indexes of them."""
        parents = IndexChild.objects.filter(child__in=images).values("index")
        return self.filter(Q(manifest__in=images) | Q(manifest__in=parents))

    def standing(self) -> Self:
        """Return those on whose copy the target tag still stands."""
        tags = Tag.objects.filter(
            repository=OuterRef("target_repository"),
            name=OuterRef("target_tag"),
            promotion_uuid=OuterRef("uuid"),
            repository__deleted_at__isnull=True,
        )
        return self.filter(Exists(tags), state="succeeded")

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
