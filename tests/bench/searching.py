"""How long a page of the registry-wide search takes; needs the settings."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from repositories.models import Finding
from tests.bench import many_findings as registry

if TYPE_CHECKING:
    from accounts.models import User

ROUNDS = 30
WARM_UP = 3
PROMISED_MS = 150
PROMISED_QUERIES = 12
HIT = '<a class="name"'  # how each image found is shown
CASES = {
    "frequent CVE": ("cve", registry.FREQUENT),
    "usual CVE": ("cve", registry.USUAL),
    "rare CVE": ("cve", registry.RARE),
    "CVE not of the reader": ("cve", registry.ELSEWHERE),
    "unknown CVE": ("cve", "CVE-1999-0"),
    "frequent component": ("component", registry.COMPONENT),
    "frequent license": ("license", registry.LICENSE),
    "layer": ("layer", registry.layer_of(7)),
    "base layer of all": ("layer", registry.BASE),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case: how many images the first page shows, queries, and milliseconds."""

    name: str
    shown: int
    queries: int
    median: float
    p95: float

    @property
    def is_kept(self) -> bool:
        return self.queries <= PROMISED_QUERIES and self.p95 <= PROMISED_MS


def measure() -> list[Row]:
    """Return a row per case and reader; the database must be empty."""
    started = time.perf_counter()
    readers = registry.fill()
    took = time.perf_counter() - started
    print(f"{Finding.objects.count()} findings written in {took:.0f} s")
    rows = []
    for who, user in (
        ("administrator", readers.administrator),
        ("reader of 10 %", readers.reader),
    ):
        client = _signed_in(user)
        for name, (subject, term) in CASES.items():
            rows.append(_row(f"{who}, {name}", client, subject, term))
    return rows


def _signed_in(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def _row(name: str, client: Client, subject: str, term: str) -> Row:
    def ask() -> float:
        started = time.perf_counter()
        response = client.get("/search", {"for": subject, "q": term})
        took = time.perf_counter() - started
        assert response.status_code == 200, response.status_code
        return took * 1000

    for _ in range(WARM_UP):
        ask()
    times = [ask() for _ in range(ROUNDS)]
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/search", {"for": subject, "q": term}).text
    p95 = statistics.quantiles(times, n=20)[-1]
    return Row(name, page.count(HIT), len(captured), statistics.median(times), p95)


def print_table(rows: list[Row]) -> None:
    """Print each case against the promise."""
    print(f"\nsearch, {registry.IMAGES} images, {ROUNDS} requests each (ms)\n")
    print(f"  {'case':<38} {'shown':>5} {'queries':>7} {'p50':>7} {'p95':>7}")
    for row in rows:
        verdict = "kept" if row.is_kept else "MISSED"
        print(
            f"  {row.name:<38} {row.shown:>5} {row.queries:>7}"
            f" {row.median:>7.1f} {row.p95:>7.1f}  ≤ {PROMISED_MS} {verdict}"
        )
