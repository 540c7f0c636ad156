"""What need not be kept of old scans."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from repositories.models import Finding, Scan, ScanComponent

if TYPE_CHECKING:
    from django.db.models import QuerySet

READING_SECONDS = 3600
BATCH = 50  # scans; each has thousands of rows


def forget() -> int:
    """Drop what replaced scans list; delete them when decisions are; return how many.

    Their rows stay meanwhile: who scanned when, and the counts. Decisions keep the
    facts that they rest on themselves.
    """
    # Not at once: a decision may be reading them.
    read_by = timezone.now() - timedelta(seconds=READING_SECONDS)
    replaced = Scan.objects.filter(is_current=False, replaced_at__lt=read_by)
    for listed in (ScanComponent, Finding):
        _empty(replaced.filter(Exists(listed.objects.filter(scan=OuterRef("pk")))))
    before = timezone.now() - timedelta(days=settings.DECISION_DAYS)
    old = Scan.objects.filter(is_current=False, finished_at__lt=before)
    return old.delete()[0]


def _empty(scans: QuerySet[Scan]) -> None:
    """Work in batches, so that no transaction is long."""
    while keys := list(scans.values_list("pk", flat=True)[:BATCH]):
        for listed in (ScanComponent, Finding):
            listed.objects.filter(scan__in=keys).delete()
