"""Loaded into the workers of the quickstart: says that a worker takes tasks.

A worker has no address that could be asked, and asking it through the broker takes
longer than its start.
"""

from __future__ import annotations

import os
from pathlib import Path

from celery.signals import worker_ready

VARIABLE = "QUICKSTART_READY_FILE"


@worker_ready.connect
def announce(**_signal: object) -> None:
    """Make the file that the quickstart waits for."""
    if path := os.environ.get(VARIABLE):
        Path(path).touch()
