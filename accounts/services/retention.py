"""How long history is kept: by age and by count, never shorter than a month.

What may be deleted of an append-only table is recorded first, in its `Horizon` and in
the audit log; the table's trigger refuses to let anything younger go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import AuditEvent, Horizon
from accounts.services import audit

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

YOUNGEST = timedelta(days=30)  # sweepers look back for days; people for weeks
BATCH = 1000


def end_of(rows: QuerySet[Any], at: str = "created_at") -> datetime | None:
    """Return before which moment rows need not be kept; None keeps all.

    `at` is the column that says when they happened.
    """
    ends = [end for end in (_by_age(), _by_count(rows, at)) if end is not None]
    return min(max(ends), timezone.now() - YOUNGEST) if ends else None


def _by_age() -> datetime | None:
    days = settings.EVENT_DAYS
    return timezone.now() - timedelta(days=days) if days > 0 else None


def _by_count(rows: QuerySet[Any], at: str) -> datetime | None:
    """Return when the oldest row happened that is among the newest ones wanted."""
    if settings.EVENT_COUNT <= 0:
        return None
    dated = rows.filter(**{f"{at}__isnull": False}).order_by(f"-{at}", "-pk")
    newest: datetime | None = dated.values_list(at, flat=True)[
        settings.EVENT_COUNT - 1 : settings.EVENT_COUNT
    ].first()
    return newest


def open_horizon(model: type[Model], before: datetime) -> None:
    """Let rows of an append-only table go that are older, and record that."""
    table = model._meta.db_table
    with transaction.atomic():
        horizon = Horizon.objects.select_for_update().filter(table_name=table).first()
        if horizon is not None and horizon.before >= before:
            return
        was = str(horizon.before) if horizon else ""
        horizon, _ = Horizon.objects.update_or_create(
            table_name=table, defaults={"before": before}
        )
        audit.record(
            actor=SYSTEM,
            action="forget",
            subject=horizon,
            before={"before": was},
            after={"before": str(before)},
        )


def forget_audit() -> int:
    """Delete old entries of the audit log; return how many."""
    before = end_of(AuditEvent.objects.all())
    old = AuditEvent.objects.filter(created_at__lt=before) if before else None
    if before is None or old is None or not old.exists():
        return 0
    open_horizon(AuditEvent, before)
    return delete(old)


def delete(rows: QuerySet[Any]) -> int:
    """Delete in batches, so that no transaction is long; return how many rows went."""
    count = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        count += rows.filter(pk__in=keys).delete()[0]
    return count
