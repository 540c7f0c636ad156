"""Promotions as charts count them: by day, and how long they took."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, ExpressionWrapper, F, Q, Window
from django.db.models.functions import Mod, RowNumber, TruncDate

if TYPE_CHECKING:
    from datetime import date

    from promotions.models.promotion import Promotion

DAY = TruncDate("created_at", tzinfo=UTC)


def _at_percent(percent: int) -> Q:
    """Return the condition "the smallest rank that has so many percent below it"."""
    return Q(rank__gte=F("count") * percent / 100.0) & Q(
        rank__lt=F("count") * percent / 100.0 + 1
    )


class ChartedQuerySet(models.QuerySet["Promotion"]):
    """What charts ask of promotions."""

    def since(self, day: date) -> Self:
        """Return those of that day (UTC) and after it."""
        return self.filter(created_at__gte=datetime.combine(day, time(), UTC))

    def one_in(self, every: int) -> Self:
        """Return a sample of a long history: one row in so many, spread evenly."""
        if every == 1:
            return self
        return self.annotate(place=Mod("pk", every)).filter(place=0)

    def per_day(self) -> models.QuerySet[Promotion, tuple[date, str, int]]:
        """Return day (UTC), state, and how many of that day are in that state now."""
        counted = self.order_by().values("state", day=DAY).annotate(count=Count("pk"))
        return counted.values_list("day", "state", "count")

    def push_to_promotion(self) -> models.QuerySet[Promotion, tuple[Any, ...]]:
        """Return day, rank, how many, and duration where the 50th and 95th percent are.

        From the move of the source's tag to the end of the copy, of what a policy
        promoted by itself because of a push after the policy was made so. The rank
        begins at 1 for the quickest of the day.
        """
        rows = self.filter(
            state="succeeded",
            policy__isnull=False,
            repeats__isnull=True,
            tag_move__created_at__gte=F("policy_version__created_at"),
        )
        took = ExpressionWrapper(
            F("finished_at") - F("tag_move__created_at"), models.DurationField()
        )
        timed: Any = rows.order_by().annotate(day=DAY, took=took)
        rank = Window(RowNumber(), partition_by=[F("day")], order_by=[F("took")])
        count = Window(Count("pk"), partition_by=[F("day")])
        ranked = timed.annotate(rank=rank, count=count)
        found: models.QuerySet[Promotion, tuple[Any, ...]] = ranked.filter(
            _at_percent(50) | _at_percent(95)
        ).values_list("day", "rank", "count", "took")
        return found
