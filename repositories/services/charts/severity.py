"""How many vulnerabilities the tags of a repository held, day by day.

What stood on a day's evening follows from what stands now and the moves since: each
took the image before it away and brought the one after it. The counts are those of
today's scans, so that a line rises when a worse image came, not when a scanner
learned something; nothing that is hidden is subtracted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from django.utils import timezone

from repositories.models import Scan, Tag, TagMove
from repositories.services.charts.drawing import (
    Chart,
    Legend,
    Series,
    last_days,
    stacks,
)

if TYPE_CHECKING:
    from datetime import date

    from repositories.models import Repository

SERIES = (
    Series("critical", "critical"),
    Series("major", "major", "hatch"),
    Series("minor", "minor", "dots"),
)
TAGS, UNKNOWN = "tags", "unknown"
Numbers = Counter[str]


def severity_trend(repository: Repository) -> Chart:
    """Return the chart of a repository; two queries."""
    days = last_days(timezone.now().astimezone(UTC).date())
    evenings = _evenings(repository, days)
    now = evenings[days[-1]]
    marks, scale = stacks(days, SERIES, evenings)
    return Chart(
        name="severity",
        title="Vulnerabilities of all tags",
        sentence=_sentence(evenings[days[0]], now),
        marks=marks,
        legend=[Legend(one, str(now[one.name])) for one in SERIES],
        scale=scale,
        days=days,
        columns=["Day", "Critical", "Major", "Minor", "Tags", "Not scanned"],
        rows=[(day, _row(evenings[day])) for day in reversed(days)],
        note=(
            "Of the tags that stood at the end of each day (UTC), added up, as today's"
            " scans count them; what is hidden is not subtracted."
        ),
    )


def _row(numbers: Numbers) -> list[str]:
    names = (*(one.name for one in SERIES), TAGS, UNKNOWN)
    return [str(numbers[name]) for name in names]


def _sentence(first: Numbers, now: Numbers) -> str:
    said = ", ".join(f"{now[one.name]} {one.label}" for one in SERIES)
    change = now["critical"] - first["critical"]
    if change:
        than = f"{abs(change)} critical {'more' if change > 0 else 'fewer'} than"
    else:
        than = "as many critical as"
    return f"The tags hold {said} today; {than} 30 days ago."


def _evenings(repository: Repository, days: list[date]) -> dict[date, Numbers]:
    """Return what stood at the end of each day, walking back from now."""
    of = _counts(repository)
    standing, moves = _moved(repository, days[0])
    total: Numbers = Counter()
    for manifest, tags in standing.items():
        _add(total, of, manifest, tags)
    evenings = {}
    for day in reversed(days):
        evenings[day] = Counter(total)
        for before, after, count in moves[day]:
            _add(total, of, after, -count)
            _add(total, of, before, count)
    return evenings


def _add(
    total: Numbers, of: dict[int, tuple[int, ...]], key: int | None, count: int
) -> None:
    if key is None:  # there was no tag before the move, or is none after it
        return
    total[TAGS] += count
    if key not in of:
        total[UNKNOWN] += count
        return
    for one, number in zip(SERIES, of[key], strict=True):
        total[one.name] += number * count


def _moved(
    repository: Repository, since: date
) -> tuple[dict[int, int], dict[date, list[tuple[int | None, int | None, int]]]]:
    """Return how many tags point to each manifest now, and the moves of each day."""
    start = datetime.combine(since, time(), UTC)
    tags = Tag.objects.filter(repository=repository).per_manifest()
    moves = TagMove.objects.filter(repository=repository, created_at__gte=start)
    standing: dict[int, int] = {}
    days: dict[date, list[tuple[int | None, int | None, int]]] = defaultdict(list)
    for day, before, after, count in tags.union(moves.per_day(), all=True):
        if day is None:
            standing[after] = count
        else:
            days[day].append((before, after, count))
    return standing, days


def _counts(repository: Repository) -> dict[int, tuple[int, ...]]:
    """Return critical, major and minor by manifest: the worst of what scans say.

    Of an index that is the worst of its platforms, number by number.
    """
    found: dict[int, tuple[int, ...]] = {}
    for key, *counts in Scan.objects.shown_in(repository).worst_of_images(repository):
        known = found.get(key, (0, 0, 0))
        found[key] = tuple(map(max, known, counts))
    return found
