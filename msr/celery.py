"""The Celery application: a wake-up call for work whose truth is in the database."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msr.settings")

app = Celery("msr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
