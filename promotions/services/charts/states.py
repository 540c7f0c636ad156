"""How many promotions there were each day, and what became of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC
from typing import TYPE_CHECKING

from django.utils import timezone

from promotions.models.promotion import State
from repositories.services.charts import Chart, Legend, Series, last_days, stacks

if TYPE_CHECKING:
    from datetime import date

    from promotions.querysets import PromotionQuerySet

SERIES = (
    Series("succeeded", "succeeded"),
    Series("failed", "failed", "hatch"),
    Series("skipped", "skipped or cancelled", "dots"),
    Series("open", "under way", "lines"),
)
SHOWN_AS = {
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.CANCELLED: "skipped",
}


def per_day(promotions: PromotionQuerySet) -> Chart:
    """Return the chart of these promotions, by the day they were made; one query."""
    days = last_days(timezone.now().astimezone(UTC).date())
    numbers: dict[date, Counter[str]] = defaultdict(Counter)
    for day, state, count in promotions.since(days[0]).per_day():
        numbers[day][SHOWN_AS.get(State(state), "open")] += count
    total = sum(numbers.values(), Counter())
    marks, scale = stacks(days, SERIES, numbers)
    return Chart(
        name="promotions",
        title="Promotions per day",
        sentence=_sentence(total),
        marks=marks,
        legend=[Legend(one, str(total[one.name])) for one in SERIES],
        scale=scale,
        days=days,
        columns=["Day", *(one.label.capitalize() for one in SERIES)],
        rows=[
            (day, [str(numbers[day][one.name]) for one in SERIES])
            for day in reversed(days)
        ],
        total=sum(total.values()),
        note="By the day on which they were decided (UTC), as they stand now.",
    )


def _sentence(total: Counter[str]) -> str:
    all_of_them = sum(total.values())
    if not all_of_them:
        return "No promotions in the last 30 days."
    said = ", ".join(
        f"{total[one.name]} {one.label}" for one in SERIES if total[one.name]
    )
    return f"{all_of_them} promotions in the last 30 days: {said}."
