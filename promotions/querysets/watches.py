"""Which promoted images fail their policy, as far as somebody may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Value

from accounts.access import Action, Actor
from repositories.models import Repository, Tag

if TYPE_CHECKING:
    from promotions.models.watch import Watch

LONG = ("known", "promotion__manifest__raw")  # what no list shows


class WatchQuerySet(models.QuerySet["Watch"]):
    """Watched promotions."""

    def standing(self) -> Self:
        """Return those whose target tag still stands on the promotion."""
        tags = Tag.objects.filter(
            repository=OuterRef("promotion__target_repository"),
            name=OuterRef("promotion__target_tag"),
            promotion_uuid=OuterRef("promotion__uuid"),
            repository__deleted_at__isnull=True,
        )
        return self.filter(Exists(tags))

    def failing(self) -> Self:
        """Return those that fail their policy now."""
        return self.filter(failing_since__isnull=False).standing()

    def visible_to(self, actor: Actor) -> Self:
        """Return those into whose target the actor may look: it is about its tags."""
        pullable = Repository.objects.permitted(actor, Action.PULL)
        return self.filter(promotion__target_repository__in=pullable.values("pk"))

    def with_sight(self, actor: Actor) -> Self:
        """Add `sees_source`: whether the actor may know whence it was promoted."""
        if actor.is_administrator:
            return self.annotate(sees_source=Value(value=True))
        pullable = Repository.objects.permitted(actor, Action.PULL)
        source = pullable.filter(pk=OuterRef("promotion__source_repository"))
        return self.annotate(sees_source=Exists(source))

    def in_namespace(self, name: str) -> Self:
        """Return those whose target lies in the namespace; all for an empty name."""
        if not name:
            return self
        return self.filter(promotion__target_repository__namespace__name=name)

    def for_listing(self) -> Self:
        """Return them with what a list shows of each, in one query."""
        return self.select_related(
            "promotion__source_repository__namespace",
            "promotion__target_repository__namespace",
            "promotion__manifest",
            "promotion__policy",
            "promotion__policy_version",
        ).defer(*LONG)

    def failing_for(self, actor: Actor) -> Self:
        """Return what fails now and the actor may see, as a list shows it."""
        return self.failing().visible_to(actor).with_sight(actor).for_listing()
