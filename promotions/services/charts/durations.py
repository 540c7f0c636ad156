"""How long it took from a push to its promotion, day by day."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING

from django.utils import timezone

from repositories.services.charts import Chart, Legend, Series, last_days, ranges

if TYPE_CHECKING:
    from datetime import date

    from promotions.querysets import PromotionQuerySet

LOOKED_AT = 10_000
MEDIAN = Series("median", "median")
P95 = Series("p95", "95th percentile", "hatch")
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
MILLISECOND = 0.001
TWO_DIGITS = 10


def push_to_promotion(promotions: PromotionQuerySet, count: int = 0) -> Chart:
    """Return the chart of these promotions; one query.

    `count` is how many there are about: of very many, some are looked at.
    """
    days = last_days(timezone.now().astimezone(UTC).date())
    every = _one_in(count)
    counts, numbers = _numbers(promotions.one_in(every), days[0])
    marks, scale = ranges(days, (MEDIAN, P95), numbers, seconds_as_words)
    medians = [median for median, _ in numbers.values()]
    return Chart(
        name="durations",
        title="From push to promotion",
        sentence=_sentence(numbers),
        marks=marks,
        legend=[
            Legend(
                MEDIAN, seconds_as_words(statistics.median(medians)) if medians else ""
            ),
            Legend(P95),
        ],
        scale=scale,
        days=days,
        columns=["Day", "Median", "95th percentile", "Looked at"],
        rows=[
            (day, [*map(seconds_as_words, numbers[day]), str(counts[day])])
            for day in reversed(days)
            if day in numbers
        ],
        note=(
            "Of what policies promoted by themselves: waiting for scans and soak times"
            " are in it, promotions by hand and of older pushes are not. The scale is"
            " logarithmic."
            + (f" There are many: one in {every} was looked at." if every > 1 else "")
        ),
    )


def _one_in(count: int) -> int:
    """Return an odd number: two policies on each push would be told apart by two."""
    return -(-count // LOOKED_AT) | 1 if count > LOOKED_AT else 1


def _numbers(
    promotions: PromotionQuerySet, since: date
) -> tuple[dict[date, int], dict[date, tuple[float, float]]]:
    """Return by day how many there were, and median and 95th percentile in seconds."""
    counts: dict[date, int] = {}
    found: dict[date, dict[int, float]] = defaultdict(dict)
    for day, rank, count, took in promotions.since(since).push_to_promotion():
        counts[day] = count
        found[day][rank] = max(took.total_seconds(), 0.0)
    return counts, {
        day: (ranks[min(ranks)], ranks[max(ranks)]) for day, ranks in found.items()
    }


def _sentence(numbers: dict[date, tuple[float, float]]) -> str:
    if not numbers:
        return "No policy promoted a push in the last 30 days."
    day = max(numbers)
    median, most = map(seconds_as_words, numbers[day])
    return f"On {day:%d %b} half were there within {median}, 95 % within {most}."


def seconds_as_words(seconds: float) -> str:
    """Return a duration with its largest unit: 400 ms, 12 s, 3.5 min, 2.0 d."""
    unit, size = next((one for one in UNITS if seconds >= one[1]), ("ms", MILLISECOND))
    number = seconds / size
    return f"{number:.0f} {unit}" if number >= TWO_DIGITS else f"{number:.1f} {unit}"
