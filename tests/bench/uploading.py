"""Findings taken in with reports, beside as many bare rows, inserted in batches."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

from accounts.access import SYSTEM
from repositories.models import Finding
from repositories.services.scans.uploading import Upload, upload
from tests.factories import make_manifest, make_repository
from tests.repositories.scans import reports

IMAGES, PACKAGES, FINDINGS = 20, 500, 2_000
BATCH = 1_000
COLUMNS = (
    "scan_id, component_id, vulnerability_id, aliases, severity, cvss3_score,"
    " cvss_vector, fixed_version, layer_digest"
)


def measure() -> tuple[float, float]:
    """Return findings a second: read from reports and recorded, and bare inserts."""
    return _taken_in(), _inserted()


def print_table(rates: tuple[float, float]) -> None:
    """Print both, and their ratio."""
    ours, bare = rates
    print(f"\n{IMAGES} reports of {PACKAGES} components and {FINDINGS} findings")
    print(f"  taken in      {ours:10,.0f} findings/s")
    print(f"  bare inserts  {bare:10,.0f} rows/s; ratio {ours / bare:.2f}")


def _taken_in() -> float:
    repository = make_repository(name="bench/findings")
    sent = []
    for number in range(IMAGES):
        image = make_manifest(repository=repository)
        report = _report(number)
        sent.append(Upload(reports.body(report), digest=image.digest))
    started = time.perf_counter()
    for one in sent:
        upload(actor=SYSTEM, repository=repository, sent=one)
    return IMAGES * FINDINGS / (time.perf_counter() - started)


def _report(number: int) -> dict[str, object]:
    """Return a report that has most of its packages and vulnerabilities in common."""
    packages = {f"package-{number // 4}-{n}": "MIT" for n in range(PACKAGES)}
    names = [f"CVE-2024-{number // 4}{n:05}" for n in range(FINDINGS)]
    return reports.trivy(packages=packages, vulnerabilities=dict.fromkeys(names, 5.0))


def _inserted() -> float:
    """Copy the rows that are there, without reading, merging, or finding anything."""
    rows = list(Finding.objects.order_by("id").values_list()[: IMAGES * FINDINGS])
    scans = sorted({row[1] for row in rows})
    Finding.objects.filter(scan__in=scans).delete()
    one = f"({', '.join(['%s'] * (COLUMNS.count(',') + 1))})"
    started = time.perf_counter()
    with connection.cursor() as cursor:
        for first in range(0, len(rows), BATCH):
            some = rows[first : first + BATCH]
            values: list[Any] = [value for row in some for value in _bare(row)]
            insert = f"INSERT INTO repositories_finding ({COLUMNS}) VALUES "  # noqa: S608 - names of columns alone
            cursor.execute(insert + ", ".join([one] * len(some)), values)
    return len(rows) / (time.perf_counter() - started)


def _bare(row: tuple[object, ...]) -> tuple[object, ...]:
    _, scan, component, vulnerability, _, severity, score, *_ = row
    return scan, component, vulnerability, "[]", severity, score, "", "1.1", ""
