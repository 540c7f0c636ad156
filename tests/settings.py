"""The product's settings with what tests need: secrets, fast hashes, no broker.

MSR_DATABASE_URL chooses the database; without it, SQLite in memory.
"""

from __future__ import annotations

import os

os.environ.setdefault("MSR_SECRET_KEY", "a key for tests only, " + "x" * 40)
os.environ.setdefault("MSR_DATABASE_URL", "sqlite://:memory:")
os.environ.setdefault("MSR_NOTIFICATION_SECRET", "a notification secret for tests")

from msr.settings import *  # noqa: F403 - ours below, theirs above
from msr.settings import BASE_DIR, DATABASES

TRIVY_PROGRAM = "no-trivy-here"  # so that one on PATH changes nothing
SCAN_ON_PUSH = False  # where a test does not ask for it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STATIC_ROOT = BASE_DIR / "msr" / "static"  # exists, and is small: whitenoise reads it
if "pool" in DATABASES["default"]["OPTIONS"]:
    # Test databases are dropped at the end; a pool would keep connections to them.
    DATABASES["default"]["OPTIONS"] = {}
