"""How long the search of the bar and the charts take; needs the settings.

100,000 repositories with a million tags, and 100,000 promotions of the last 30 days.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access import Actor
from promotions.models import Promotion
from promotions.services import charts
from repositories.models import Repository
from repositories.services.charts import severity_trend
from tests.bench import many_tags as registry

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
WARM_UP = 3
PROMISED_MS = {"page": 150, "chart": 100}
TERMS = {
    "repository, part of its name": registry.REPOSITORY_PART,
    "frequent tag": "latest",
    "frequent beginning of tags": "v1",
    "rare tag": "only-once",
    "unknown word": "no-such-thing-anywhere",
    "one letter": "a",
    "beginning of a digest": registry.DIGEST[:16],
    "a whole reference": registry.REFERENCE,
    "activity of a repository": "/r/team0/app0/events",
    "activity of a namespace": "/r/team0/events",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what it is measured against, queries, and milliseconds."""

    name: str
    kind: str
    queries: int
    median: float
    p95: float

    @property
    def is_kept(self) -> bool:
        return self.p95 <= PROMISED_MS[self.kind]


def measure() -> list[Row]:
    """Return a row per case and reader; the database must be empty."""
    readers = registry.fill()
    rows = []
    for who, user in readers.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        for name, term in TERMS.items():
            address = term if term.startswith("/") else "/find"
            sent = {} if term.startswith("/") else {"q": term}
            rows.append(_row(f"{who}: {name}", "page", _get(client, address, sent)))
        rows += _charts(who, Actor(user))
    return rows


def _get(client: Client, address: str, sent: dict[str, str]) -> Callable[[], object]:
    def ask() -> object:
        response = client.get(address, sent)
        assert response.status_code in {200, 302}, response.status_code
        return response

    return ask


def _charts(who: str, actor: Actor) -> list[Row]:
    repository = Repository.objects.named("team0/app0").get()
    everything = Promotion.objects.all()
    seen = everything if actor.is_administrator else everything.visible_to(actor)
    of = {
        "all one may see": seen,
        "a namespace": everything.of_namespace(
            repository.namespace, actor, as_source=True
        ),
        "a repository": everything.of(repository, as_source=True),
    }
    rows = []
    for name, promotions in of.items():
        total = charts.per_day(promotions).total
        for title, action in (
            ("per day", partial(charts.per_day, promotions)),
            ("durations", partial(charts.push_to_promotion, promotions, total)),
        ):
            rows.append(_row(f"{who}: {title}, {name}", "chart", action))
    rows.append(
        _row(f"{who}: severity trend", "chart", lambda: severity_trend(repository))
    )
    return rows


def _row(name: str, kind: str, action: Callable[[], object]) -> Row:
    times = []
    for number in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        action()
        if number >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
    with CaptureQueriesContext(connection) as captured:
        action()
    p95 = statistics.quantiles(times, n=20)[-1]
    return Row(name, kind, len(captured), statistics.median(times), p95)


def print_table(rows: list[Row]) -> None:
    """Print each case against its promise."""
    print(f"\nsearch and charts, a million tags, {ROUNDS} times each (ms)\n")
    print(f"  {'case':<50} {'queries':>7} {'p50':>7} {'p95':>7}")
    for row in rows:
        verdict = "kept" if row.is_kept else "MISSED"
        print(
            f"  {row.name:<50} {row.queries:>7} {row.median:>7.1f} {row.p95:>7.1f}"
            f"  ≤ {PROMISED_MS[row.kind]} {verdict}"
        )
