"""How long pages of the portal take on a large registry; needs the settings."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promotions.models import Promotion, PromotionPolicy
from tests.bench import large_portal

if TYPE_CHECKING:
    from accounts.models import User

ROUNDS, WARM_UP = 20, 2
PROMISED_MS, PROMISED_QUERIES = 150, 12
REPOSITORY = f"/r/team0/{large_portal.LARGE}"


def addresses() -> dict[str, str]:
    """Return the pages by a name for them."""
    policy = PromotionPolicy.objects.earliest("id")
    promotion = Promotion.objects.earliest("id")
    return {
        "dashboard": "/",
        "repositories": "/repositories",
        "repositories found": "/repositories?q=repository99",
        "namespace": "/r/team0/",
        "repository": REPOSITORY,
        "tags": f"{REPOSITORY}/tags",
        "tags found": f"{REPOSITORY}/tags?q=v99",
        "tag": f"{REPOSITORY}/tags/v100",
        "promotions of a repository": f"{REPOSITORY}/promotions",
        "promotions of a namespace": "/r/team0/promotions",
        "policy": f"{REPOSITORY}/promotions/{policy.uuid}",
        "promotion": f"/promotions/{promotion.uuid}",
        "failing": "/failing",
        "search": "/search?q=repository99",
    }


@dataclass(frozen=True, slots=True)
class Row:
    """One page for one reader: its queries, and how many milliseconds it took."""

    name: str
    queries: int
    median: float
    p95: float

    @property
    def is_kept(self) -> bool:
        return self.queries <= PROMISED_QUERIES and self.p95 <= PROMISED_MS


def measure() -> list[Row]:
    """Return a row per page and reader; the database must be empty."""
    started = time.perf_counter()
    readers = large_portal.fill()
    print(f"filled in {time.perf_counter() - started:.0f} s")
    return [
        _row(f"{who}, {name}", client, address)
        for who, user in (
            ("administrator", readers.administrator),
            ("admin of 10 %", readers.reader),
        )
        for client in [_signed_in(user)]
        for name, address in addresses().items()
    ]


def _signed_in(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def _row(name: str, client: Client, address: str) -> Row:
    def ask() -> float:
        started = time.perf_counter()
        response = client.get(address)
        took = time.perf_counter() - started
        assert response.status_code == 200, f"{address}: {response.status_code}"
        return took * 1000

    for _ in range(WARM_UP):
        ask()
    times = [ask() for _ in range(ROUNDS)]
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    p95 = statistics.quantiles(times, n=20)[-1]
    return Row(name, len(captured), statistics.median(times), p95)


def print_table(rows: list[Row]) -> None:
    """Print the rows, and which keep the promise."""
    print(f"{'page':48} queries  median ms  p95 ms  kept")
    for row in rows:
        kept = "yes" if row.is_kept else "NO"
        numbers = f"{row.queries:7}  {row.median:9.1f}  {row.p95:6.1f}"
        print(f"{row.name:48} {numbers}  {kept}")
