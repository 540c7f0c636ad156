"""Match again what images hold, when advisories change: no layer is read for it.

Scans are worked on in batches, each in a short transaction. The rows say what is left
to do, so that whoever runs next goes on where another was killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max

from repositories.models import AdvisoryLoad, PackageNews, Scan
from repositories.services.advisories import contents, differences
from repositories.services.advisories.knowledge import Knowledge
from repositories.services.advisories.news import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from repositories.querysets import ScanQuerySet

    Progress = Callable[[int, int], None]
    """Called with how many scans are done, and how many there were to do."""

BATCH = 100


@dataclass(slots=True)
class Rematched:
    """How many scans were looked at, and how many have other vulnerabilities now."""

    scans: int = 0
    changed: int = 0


def rematch(
    *,
    everything: bool = False,
    most: int | None = None,
    progress: Progress | None = None,
) -> Rematched:
    """Bring the built-in scanner's current scans up to the advisories we have.

    Findings are compared anew where there is news of a package in the image, or of an
    ecosystem; with `everything`, in all. Policies that wait are asked again where that
    changes anything, or where the evidence had been too old. It ends after about
    `most` scans; the next call goes on. Safe to run twice at the same time.
    """
    settle()
    knowledge, done = Knowledge(), Rematched()
    due = Scan.objects.matched_here()
    if not everything:
        due = due.matched_before(_last_news())
    total = due.count() if progress else 0
    for scans in _batches(due):
        stale = scans if everything else contents.with_news(scans, knowledge)
        done.changed += differences.write(scans, stale, knowledge)
        done.scans += len(scans)
        if progress is not None:
            progress(done.scans, total)
        if most is not None and done.scans >= most:
            break
    return done


def _batches(due: ScanQuerySet) -> Iterator[list[Scan]]:
    needed = ("manifest", "revision", "coverage", "advisories_at", "finished_at")
    dated = ("created_at", "started_at", "matched_at")
    rows, last = due.only(*needed, *dated).order_by("pk"), 0
    while scans := list(rows.filter(pk__gt=last)[:BATCH]):
        yield scans
        last = scans[-1].pk


def _last_news() -> datetime | None:
    loaded = AdvisoryLoad.objects.aggregate(at=Max("loaded_at"))["at"]
    changed = PackageNews.objects.aggregate(at=Max("changed_at"))["at"]
    return max((at for at in (loaded, changed) if at is not None), default=None)
