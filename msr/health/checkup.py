"""Look at every part at once, each with a time limit of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msr.health import broker, host, registry, work
from msr.health.findings import Finding, Part

if TYPE_CHECKING:
    from collections.abc import Callable

    Look = Callable[[], list[Finding]]

# What speaks to other hosts, and to no database: asked side by side.
ELSEWHERE: dict[str, tuple[Look, ...]] = {
    "Queues and workers": (broker.broker,),
    "Registry": (registry.answers,),
}
HERE: dict[str, tuple[Look, ...]] = {
    "Registry": (registry.known,),
    "Inbox of notifications": (work.inbox,),
    "Promotions": (work.promotions,),
    "Scans": (work.scans,),
    "Database and clocks": (host.database,),
    "Settings": (host.unsafe,),
    "Versions": (host.versions,),
}
ORDER = (*ELSEWHERE, *(name for name in HERE if name not in ELSEWHERE))
CHEAP: tuple[Look, ...] = (registry.known, work.inbox, work.promotions, work.scans)


def checkup() -> list[Part]:
    """Return all parts with what was found; what does not answer is a finding."""
    with ThreadPoolExecutor(max_workers=len(ELSEWHERE)) as pool:
        asked = {
            name: [pool.submit(look) for look in looks]
            for name, looks in ELSEWHERE.items()
        }
        here = {name: _all(looks) for name, looks in HERE.items()}
        there = {
            name: [row for answer in answers for row in answer.result()]
            for name, answers in asked.items()
        }
    return [Part(name, [*there.get(name, ()), *here.get(name, ())]) for name in ORDER]


def needs_somebody() -> list[Finding]:
    """Return what the database alone says is amiss."""
    return [row for row in _all(CHEAP) if row.state.needs_somebody]


def _all(looks: tuple[Look, ...]) -> list[Finding]:
    return [row for look in looks for row in look()]
