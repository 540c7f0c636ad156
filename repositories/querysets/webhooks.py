"""Which webhooks want to know of an event, who may see them, and what is to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from django.db import models
from django.db.models import Case, F, Q, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from accounts.access import Action
from accounts.models import Namespace

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from accounts.access import Actor
    from accounts.querysets import PermittedQuerySet
    from repositories.models.delivery import DeliveryState, WebhookDelivery
    from repositories.models.repository import Repository
    from repositories.models.webhook import Webhook

EVERYTHING = Q(repository__isnull=True, namespace__isnull=True)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks."""

    def administered_by(self, actor: Actor) -> Self:
        """Return those of repositories and namespaces on which the actor is an admin.

        Administrators have the global ones, too.
        """
        repositories = self._repositories().permitted(actor, Action.ADMIN)
        namespaces = Namespace.objects.permitted(actor, Action.ADMIN)
        own = Q(repository__in=repositories.values("pk")) | Q(
            namespace__in=namespaces.values("pk")
        )
        return self.filter(own | EVERYTHING if actor.is_administrator else own)

    def wanting(self, types: Collection[str], repository: Repository) -> Self:
        """Return those that are to be told of such events in the repository."""
        here = Q(repository=repository) | Q(namespace=repository.namespace_id)
        return self.active().by_scope().filter(here | EVERYTHING, type__in=types)

    def active(self) -> Self:
        """Return those that are not paused."""
        return self.filter(pause="")

    def by_scope(self) -> Self:
        """Return them without what telling them needs not, secrets above all."""
        return self.only("type", "repository", "namespace")

    def stopped_for(self, reader: Actor) -> Self:
        """Return those that paused by themselves and that the reader can mend."""
        stopped = self.filter(pause__in=("author", "failures"))
        return stopped.administered_by(reader)

    def to_wake(self) -> Self:
        """Return those that have something to send now, and nobody who does."""
        now = timezone.now()
        open_ = cast("Any", self.model).deliveries.rel.related_model.objects
        return self.active().filter(
            Q(rests_until__isnull=True) | Q(rests_until__lte=now),
            pk__in=open_.due().values("webhook"),
        )

    def in_turn(self) -> Self:
        """Order them so that namespaces take turns, and the longest waiting go first.

        However many of one tenant's have to wait, another's are not behind them.
        """
        turn = Window(
            RowNumber(),
            partition_by=Coalesce("namespace_id", "repository__namespace_id"),
            order_by=[F("rests_until").asc(nulls_first=True), "id"],
        )
        return self.annotate(turn=turn).order_by("turn", "id")

    def for_listing(self) -> Self:
        """Return them with what a list shows of each, in one query."""
        return self.select_related("author", "namespace", "repository__namespace")

    def _repositories(self) -> PermittedQuerySet[Any]:
        model: Any = self.model._meta.get_field("repository").related_model
        return cast("PermittedQuerySet[Any]", model._default_manager.all())


class IllegalDelivery(Exception):
    """The delivery is not in a state from which the wanted one can be reached.

    Also raised when the lease under which the caller works was lost.
    """


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Deliveries."""

    def due(self) -> Self:
        """Return what a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="pending") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        return self.filter(waiting | Q(state="sending", leased_until__lt=now))

    def under_way(self) -> Self:
        """Return what a worker is sending at this moment."""
        return self.filter(state="sending", leased_until__gt=timezone.now())

    def of_doubtful_beside(self, webhook: Webhook) -> Self:
        """Return those to receivers that failed or were slow, or took nothing yet.

        Of the namespace in which the webhook is, or of the global ones beside it.
        """
        fails = Q(webhook__failures__gt=0) | Q(webhook__is_slow=True)
        fails |= Q(webhook__last_success_at=None)
        repository = webhook.repository
        namespace = repository.namespace_id if repository else webhook.namespace_id
        here = Q(webhook__namespace=namespace, webhook__repository=None)
        if namespace is not None:
            here |= Q(webhook__repository__namespace=namespace)
        return self.filter(fails, here)

    def in_turn(self) -> Self:
        """Order by whose turn it is: what a receiver refused lets the others pass.

        What a dead worker left comes first: nothing else can be sent beside it.
        """
        left = Case(When(state="sending", then=0), default=1)
        return self.order_by(left, "attempts", "id")

    def move_to(
        self, state: DeliveryState, *, lease: UUID | None = None, **fields: Any
    ) -> None:
        """Bring the one delivery selected into `state` and set `fields`.

        The UPDATE names the legal previous states and, with `lease`, the lease under
        which the caller works; raises IllegalDelivery when no row changed.
        """
        rows = self.filter(state__in=self.model.TRANSITIONS[state])
        if lease is not None:
            rows = rows.filter(lease_token=lease)
        if not rows.update(state=state, **fields):
            message = f"The delivery cannot become {state} now."
            raise IllegalDelivery(message)
