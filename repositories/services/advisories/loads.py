"""When which advisories were loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from repositories.models import AdvisoryLoad

if TYPE_CHECKING:
    from datetime import datetime

    from repositories.services.advisories.loading import Loaded


def note(result: Loaded, *, prune: bool) -> None:
    """Write down that a source was loaded to its end.

    What it had before of other ecosystems ages, or, with `prune`, is no more.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = AdvisoryLoad.objects.select_for_update().filter(source=result.source)
        known = {row.ecosystem: row for row in rows.order_by("ecosystem")}
        for ecosystem in sorted({*known, *result.ecosystems}):
            records = result.vouched_for(ecosystem)
            if records or prune:
                _write(result, ecosystem, records, now, known.get(ecosystem))


def _write(
    result: Loaded,
    ecosystem: str,
    records: int,
    now: datetime,
    before: AdvisoryLoad | None,
) -> None:
    is_same = before is not None and bool(before.records) is bool(records)
    AdvisoryLoad.objects.update_or_create(
        source=result.source,
        ecosystem=ecosystem,
        defaults={
            "loaded_at": now,
            "records": records,
            "newest_at": result.newest.get(ecosystem),
            "changed_at": before.changed_at if before and is_same else now,
        },
    )
