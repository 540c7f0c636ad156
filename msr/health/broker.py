"""Redis, the queues in it, the workers, and the clock that sends periodic work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from kombu.exceptions import KombuError, OperationalError
from redis import Redis
from redis.exceptions import RedisError

from msr.celery import BEAT_KEY, app
from msr.health.findings import Finding, State, good_if

if TYPE_CHECKING:
    from typing import Any

TIMEOUT_SECONDS = 1.0
LONG_QUEUE = 1000
QUEUES = ("ingest", "promote", "scan", "notify", "maintenance")
RED = "Start Redis, or set MSR_REDIS_URL. Work is kept in the database meanwhile."
NO_WORKER = "Start a worker for it: celery -A msr worker -Q {}."
NO_BEAT = (
    "Start exactly one beat: celery -A msr beat. Without it, lost work stays lost."
)


def broker() -> list[Finding]:
    """Ask Redis how long the queues are, who works, and when beat sent something."""
    try:
        with _redis() as redis:
            version = str(redis.info("server")["redis_version"])
            lengths = {queue: int(redis.llen(queue)) for queue in QUEUES}
    except (RedisError, OSError, ValueError) as error:
        return [Finding("Redis", State.BAD, f"does not answer: {error}", RED)]
    served = answering()
    return [
        Finding("Redis", State.GOOD, f"answers, version {version}"),
        *(_queue(queue, length, served) for queue, length in lengths.items()),
        _workers(served),
        _beat(),
    ]


def _redis() -> Redis:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://")
    return Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def answering() -> dict[str, list[str]]:
    """Return the queues of each worker that answered in time."""
    try:
        found: Any = app.control.inspect(timeout=TIMEOUT_SECONDS).active_queues()
    except (KombuError, OperationalError, RedisError, OSError):
        return {}
    return {
        worker: [str(queue["name"]) for queue in queues or ()]
        for worker, queues in (found or {}).items()
    }


def _queue(queue: str, length: int, served: dict[str, list[str]]) -> Finding:
    readers = sum(queue in queues for queues in served.values())
    found = f"messages waiting: {length}; workers: {readers}"
    name = f"Queue “{queue}”"
    if not readers:
        return Finding(name, State.WARN, found, NO_WORKER.format(queue))
    cure = "More arrives than is worked on; start more workers if it stays."
    return good_if(name, found, cure, fine=length < LONG_QUEUE)


def _workers(served: dict[str, list[str]]) -> Finding:
    found = ", ".join(sorted(served)) or "none answered within a second"
    cure = "A busy worker may answer late; look again, then at the workers' logs."
    return good_if("Workers", found, cure, fine=bool(served), otherwise=State.BAD)


def _beat() -> Finding:
    sent = cache.get(BEAT_KEY)
    if sent is None:
        return Finding("Beat", State.WARN, "nothing was heard of it", NO_BEAT)
    age = max(0, int(time.time() - sent))
    fine = age < max(60.0, settings.SWEEP_PERIOD * 6)
    return good_if("Beat", f"sent its last message {age} s ago", NO_BEAT, fine=fine)
