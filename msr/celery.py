"""The Celery application: a wake-up call for work whose truth is in the database."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging
from django.conf import settings
from django.core.cache import cache
from django_structlog.celery.signals import modify_context_before_task_publish
from django_structlog.celery.steps import DjangoStructLogInitStep
from redis.exceptions import RedisError

from msr.request_ids import keep_for_tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msr.settings")

# Each task to its queue; the others go to CELERY_TASK_DEFAULT_QUEUE.
ROUTES = {
    "repositories.tasks.process_event": {"queue": "ingest"},
    "repositories.tasks.run_scan": {"queue": "scan"},
    "repositories.tasks.rematch": {"queue": "scan"},
    "repositories.tasks.send_webhook": {"queue": "notify"},
    "repositories.tasks.update_trivy": {"queue": "scan"},
    "promotions.tasks.evaluate_move": {"queue": "promote"},
    "promotions.tasks.reevaluate_move": {"queue": "promote"},
    "promotions.tasks.reevaluate_image": {"queue": "promote"},
    "promotions.tasks.reevaluate_exception": {"queue": "promote"},
    "promotions.tasks.reevaluate_attachment": {"queue": "promote"},
    "promotions.tasks.reevaluate_key": {"queue": "promote"},
    "promotions.tasks.run_promotion": {"queue": "promote"},
    "promotions.tasks.apply_policy": {"queue": "promote"},
}

app = Celery("msr", task_routes=ROUTES)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The id of the request that led to a task goes with it, into the lines of its log.
app.steps["worker"].add(DjangoStructLogInitStep)
modify_context_before_task_publish.connect(keep_for_tasks)


@setup_logging.connect
def keep_our_logging(**_kwargs: object) -> None:
    """Celery would put its own logging in the place of settings.LOGGING."""


@app.on_after_finalize.connect
def schedule(sender: Celery, **_kwargs: object) -> None:
    """Say what beat sends, and how often (seconds)."""
    sender.conf.beat_schedule = {
        "sweep_events": {
            "task": "repositories.tasks.sweep_events",
            "schedule": settings.SWEEP_PERIOD,
        },
        "sweep_scans": {
            "task": "repositories.tasks.sweep_scans",
            "schedule": settings.SWEEP_PERIOD,
        },
        "sweep_webhooks": {
            "task": "repositories.tasks.sweep_webhooks",
            "schedule": settings.SWEEP_PERIOD,
        },
        "forget_deliveries": {
            "task": "repositories.tasks.forget_deliveries",
            "schedule": 24 * 3600.0,
        },
        "rematch": {
            "task": "repositories.tasks.rematch",
            "schedule": settings.SWEEP_PERIOD * 60,
        },
        "forget_scans": {
            "task": "repositories.tasks.forget_scans",
            "schedule": 3600.0,
        },
        "forget_ci_logins": {
            "task": "repositories.tasks.forget_ci_logins",
            "schedule": 3600.0,
        },
        **_trivy(),
        **_rescans(),
        "sweep_promotions": {
            "task": "promotions.tasks.sweep_promotions",
            "schedule": settings.SWEEP_PERIOD,
        },
        "sweep_decisions": {
            "task": "promotions.tasks.sweep_decisions",
            "schedule": settings.SWEEP_PERIOD * 2,
        },
        "review_all": {
            "task": "promotions.tasks.review_all",
            "schedule": 24 * 3600.0,
        },
        "rescan_stale": {
            "task": "promotions.tasks.rescan_stale",
            "schedule": settings.SWEEP_PERIOD * 12,
        },
        "compact_decisions": {
            "task": "promotions.tasks.compact_decisions",
            "schedule": 24 * 3600.0,
        },
        "forget_events": {
            "task": "promotions.tasks.forget_events",
            "schedule": 3600.0,
        },
        "retry_waiting": {
            "task": "promotions.tasks.retry_waiting",
            "schedule": settings.SWEEP_PERIOD * 6,
        },
        "reconcile": {
            "task": "repositories.tasks.reconcile",
            "schedule": float(settings.RECONCILE_PERIOD),
        },
        "purge_deleted": {
            "task": "repositories.tasks.purge_deleted",
            "schedule": settings.SWEEP_PERIOD * 12,
        },
    }


def _trivy() -> dict[str, Any]:
    """Say how often Trivy's databases are updated; never, where nothing is to be."""
    if not settings.TRIVY_UPDATE_PERIOD:
        return {}
    period = float(settings.TRIVY_UPDATE_PERIOD)
    task = {"task": "repositories.tasks.update_trivy", "schedule": period}
    return {"update_trivy": task}


def _rescans() -> dict[str, Any]:
    """Say how often old scans of promoted images are looked for, where they are to be.

    More often than they are old enough: what a day's run just missed would else be two
    days old, and a beat that is started anew every day would never come to it.
    """
    if not settings.RESCAN_PERIOD:
        return {}
    period = min(float(settings.RESCAN_PERIOD), 3600.0)
    task = {"task": "promotions.tasks.rescan_promoted", "schedule": period}
    return {"rescan_promoted": task}


BEAT_KEY = "msr:beat"
BEAT_KEPT_SECONDS = 7 * 86400


@before_task_publish.connect(sender="repositories.tasks.sweep_events")
def note_beat(**_kwargs: object) -> None:
    """Note that beat is alive: nobody else sends this task, and it does so often."""
    with suppress(RedisError):  # the message it is about fails by itself
        cache.set(BEAT_KEY, time.time(), BEAT_KEPT_SECONDS)
