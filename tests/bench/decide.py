"""`python -m tests.bench.decide`: one push to a repository with a thousand policies.

On a PostgreSQL server of its own, in a process that is as warm as a worker: what every
policy asks about was compiled at an earlier push.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from tests.stack.postgresql import postgresql

if TYPE_CHECKING:
    from tests.bench.many_policies import Pushes

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
    from tests.bench.many_policies import Pushes  # noqa: PLC0415 - needs settings

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
    from promotions.services.evaluate import evaluate_move  # noqa: PLC0415 - likewise
    from tests.bench.many_policies import MATCHING  # noqa: PLC0415 - likewise

    move_id = pushes.push()
    started = time.perf_counter()
    promotions = evaluate_move(move_id=move_id)
    took = time.perf_counter() - started
    assert len(promotions) == MATCHING, promotions
    return took * 1000


def _queries(pushes: Pushes) -> int:
    from django.db import connection  # noqa: PLC0415 - likewise
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - likewise

    from promotions.services.evaluate import evaluate_move  # noqa: PLC0415 - likewise

    move_id = pushes.push()
    with CaptureQueriesContext(connection) as captured:
        evaluate_move(move_id=move_id)
    texts = (query["sql"] for query in captured.captured_queries)
    return sum(not text.startswith(OF_TRANSACTIONS) for text in texts)


def main() -> None:
    """Start PostgreSQL, measure, print a table."""
    with postgresql() as url:
        os.environ["MSR_DATABASE_URL"] = url
        os.environ["MSR_LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        call_command("migrate", verbosity=0)
        rows = measure()
    print_table(rows)


def print_table(rows: list[Row]) -> None:
    """Print each case against the promise."""
    print(f"\none push, 1000 policies on its repository, {MOVES} pushes (ms)\n")
    print(f"  {'':<40} queries     min  median     p95")
    for row in rows:
        print(
            f"  {row.name:<40} {row.queries:7}"
            f" {row.fastest:7.1f} {row.median:7.1f} {row.p95:7.1f}"
            f"   ≤ {PROMISED_QUERIES}, ≤ {PROMISED_MS}"
            f"  {'kept' if row.is_kept else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
