"""The composition root: settings, URLs, the API router, the admin site, Celery."""

from __future__ import annotations

from msr.celery import app as celery_app

__all__ = ["celery_app"]
