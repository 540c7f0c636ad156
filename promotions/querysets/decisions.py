"""Which decisions wait, as far as somebody may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef

from accounts.access import Action, Actor
from repositories.models import Repository, Tag

if TYPE_CHECKING:
    from promotions.models.decision import Decision


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Decisions."""

    def open_for(self, actor: Actor) -> Self:
        """Return those that wait for evidence still, of tags that the actor may pull.

        Of policies as they run now, about images that their tags still point to.
        """
        pullable = Repository.objects.permitted(actor, Action.PULL).values("pk")
        standing = Tag.objects.filter(current_move=OuterRef("tag_move"))
        decided = self.model._default_manager.filter(
            policy_version=OuterRef("policy_version"),
            tag_move=OuterRef("tag_move"),
            pk__gt=OuterRef("pk"),
        )
        policy = "policy_version__policy__"
        return self.filter(
            Exists(standing),
            ~Exists(decided),
            verdict="waiting",
            tag_move__repository__in=pullable,
            policy_version=F(f"{policy}current_version"),
            **{f"{policy}enabled": True, f"{policy}deleted_at__isnull": True},
        ).select_related("tag_move__repository__namespace", "policy_version")
