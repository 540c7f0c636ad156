"""Waking workers up after a write: a broker that is down must not undo the write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from celery import Task

log = structlog.get_logger()


def wake(task: Task[[int], None], key: int) -> None:
    """Enqueue the task for the row, on commit; where the broker is away, only log."""
    try:
        task.delay_on_commit(key)  # type: ignore[attr-defined]
    except OperationalError as error:
        log.warning("broker_unreachable", task=task.name, reason=str(error))
