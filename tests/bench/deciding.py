"""How long one push to a repository with a thousand policies takes; needs the settings.

The process is as warm as a worker: what every policy asks about was compiled at an
earlier push.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.services.evaluate import evaluate_move
from tests.bench.many_policies import MATCHING, POLICIES, Pushes

MOVES = 50
WARM_UP = 3
PROMISED_QUERIES = 12
PROMISED_MS = 50
OF_TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")
CASES = {"mixed rules, evidence of 500 components": False, "tags only": True}


@dataclass(frozen=True, slots=True)
class Row:
    """One case: queries without those of transactions, and times in milliseconds."""

    name: str
    queries: int
    fastest: float
    median: float
    p95: float

    @property
    def is_kept(self) -> bool:
        return self.queries <= PROMISED_QUERIES and self.median <= PROMISED_MS


def measure() -> list[Row]:
    """Return a row per case; the settings must be those of an empty database."""

    return [
        _row(name, Pushes(f"case-{number}", tags_only=tags_only))
        for number, (name, tags_only) in enumerate(CASES.items())
    ]


def _row(name: str, pushes: Pushes) -> Row:
    for _ in range(WARM_UP):
        _milliseconds(pushes)
    times = [_milliseconds(pushes) for _ in range(MOVES)]
    p95 = statistics.quantiles(times, n=20)[-1]
    return Row(name, _queries(pushes), min(times), statistics.median(times), p95)


def _milliseconds(pushes: Pushes) -> float:

    move_id = pushes.push()
    started = time.perf_counter()
    promotions = evaluate_move(move_id=move_id)
    took = time.perf_counter() - started
    assert len(promotions) == MATCHING, promotions
    return took * 1000


def _queries(pushes: Pushes) -> int:

    move_id = pushes.push()
    with CaptureQueriesContext(connection) as captured:
        evaluate_move(move_id=move_id)
    texts = (query["sql"] for query in captured.captured_queries)
    return sum(not text.startswith(OF_TRANSACTIONS) for text in texts)


def print_table(rows: list[Row]) -> None:
    """Print each case against the promise."""
    print(f"\none push, {POLICIES} policies on its repository, {MOVES} pushes (ms)\n")
    print(f"  {'':<40} queries     min  median     p95")
    for row in rows:
        print(
            f"  {row.name:<40} {row.queries:7}"
            f" {row.fastest:7.1f} {row.median:7.1f} {row.p95:7.1f}"
            f"   ≤ {PROMISED_QUERIES}, ≤ {PROMISED_MS}"
            f"  {'kept' if row.is_kept else 'MISSED'}"
        )
