"""The rows that are work: notifications, promotions, scans."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from msr.health.findings import Finding, State, good_if
from promotions.models import Promotion
from promotions.models.promotion import State as PromotionState
from repositories.models import RegistryEvent, Scan

if TYPE_CHECKING:
    from datetime import datetime

LATE = timedelta(minutes=5)
RECENT = timedelta(days=1)
NO_WORKER = "Look whether a worker runs for the queue “{}”, and at its log."


def inbox() -> list[Finding]:
    """Say what is left of the registry's notifications."""
    rows = RegistryEvent.objects.all()
    poison = rows.filter(state=RegistryEvent.State.POISON).count()
    cure = "Look at them in the inbox; what can be read can be replayed there."
    newest = rows.order_by("-created_at").values_list("created_at", flat=True).first()
    return [
        _waiting("Notifications to work on", rows.unfinished(), "ingest"),
        good_if("Poison", f"notifications: {poison}", cure, fine=not poison),
        Finding("Last notification", State.NOTE, _when(newest)),
    ]


def promotions() -> list[Finding]:
    """Say what is promoted, what waits, and what failed lately."""
    rows = Promotion.objects.all()
    failed = rows.filter(
        state=PromotionState.FAILED, created_at__gte=timezone.now() - RECENT
    ).count()
    cure = "See why in the list of promotions, and promote again what should be."
    return [
        _waiting(
            "Promotions for workers",
            rows.filter(state__in=(PromotionState.PENDING, PromotionState.RUNNING)),
            "promote",
        ),
        Finding(
            "Promotions that wait for something else",
            State.NOTE,
            str(rows.filter(state=PromotionState.WAITING).count()),
        ),
        good_if(
            "Promotions that failed in 24 hours", str(failed), cure, fine=not failed
        ),
        Finding("Promotions by state", State.NOTE, _by_state(rows)),
    ]


def scans() -> list[Finding]:
    """Say what is scanned, and what could not be lately."""
    rows = Scan.objects.all()
    failed = rows.filter(
        state=Scan.State.FAILED, created_at__gte=timezone.now() - RECENT
    ).count()
    cure = "See why in the list of scans; test the scanner's connection there."
    return [
        _waiting(
            "Scans for workers",
            rows.filter(state__in=(Scan.State.QUEUED, Scan.State.RUNNING)),
            "scan",
        ),
        good_if("Scans that failed in 24 hours", str(failed), cure, fine=not failed),
        Finding("Scans by state", State.NOTE, _by_state(rows)),
    ]


def _waiting(name: str, rows: QuerySet[Any], queue: str) -> Finding:
    seen = rows.aggregate(count=Count("pk"), oldest=Min("created_at"))
    if not seen["count"]:
        return Finding(name, State.GOOD, "none waits")
    found = f"{seen['count']}, the oldest since {_when(seen['oldest'])}"
    fine = timezone.now() - seen["oldest"] < LATE
    return good_if(name, found, NO_WORKER.format(queue), fine=fine)


def _by_state(rows: QuerySet[Any]) -> str:
    counted = rows.order_by().values_list("state").annotate(Count("pk"))
    return ", ".join(f"{state}: {count}" for state, count in sorted(counted)) or "none"


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
