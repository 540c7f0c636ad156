"""Jobs of all kinds in one list, the most recently scheduled first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from promotions.services.jobs.promotions import PromotionJobs
from promotions.services.jobs.registry import RegistryJobs
from promotions.services.jobs.scans import ScanJobs
from promotions.services.jobs.webhooks import WebhookJobs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from accounts.access import Actor
    from promotions.services.jobs.job import Job, JobKind

KINDS: tuple[JobKind, ...] = (
    PromotionJobs(),
    ScanJobs(),
    WebhookJobs(),
    RegistryJobs(),
)
"""Every table of jobs; a new one needs no more than a row here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which jobs are wanted: of an action, with "" of all; running ones only."""

    action: str = ""
    is_running: bool = False


def listed(actor: Actor, asked: Asked, *, start: int, limit: int) -> list[Job]:
    """Return `limit` jobs behind the first `start`.

    Of each kind the keys of what may be on the page are read, then the page's rows.
    """
    keys = [_keys(actor, asked, number, start + limit) for number in range(len(KINDS))]
    page = list(islice(heapq.merge(*keys, reverse=True), start, start + limit))
    found = dict(_jobs(actor, page))
    return [found[number, pk] for _, number, pk in page if (number, pk) in found]


def find(actor: Actor, uuid: UUID) -> tuple[JobKind, Any] | None:
    """Return the kind and the row of a job; None for what the actor may not see."""
    for kind in KINDS:
        row = kind.shown(kind.rows(actor)).filter(uuid=uuid).first()
        if row is not None:
            return kind, row
    return None


def _keys(
    actor: Actor, asked: Asked, number: int, count: int
) -> list[tuple[datetime, int, int]]:
    kind = KINDS[number]
    if asked.action and asked.action not in kind.actions:
        return []
    rows = kind.rows(actor, asked.action)
    rows = kind.running(rows) if asked.is_running else rows
    newest = rows.order_by("-created_at", "-pk").values_list("created_at", "pk")
    return [(at, number, pk) for at, pk in newest[:count]]


def _jobs(
    actor: Actor, page: list[tuple[datetime, int, int]]
) -> Iterator[tuple[tuple[int, int], Job]]:
    for number, kind in enumerate(KINDS):
        keys = [pk for _, of, pk in page if of == number]
        rows = kind.shown(kind.rows(actor)).filter(pk__in=keys) if keys else ()
        for row in rows:
            yield (number, row.pk), kind.job(row)
