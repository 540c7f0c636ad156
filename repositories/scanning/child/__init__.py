"""Running a program of others within caps, leaving no process behind. Linux only."""

from __future__ import annotations

from repositories.scanning.child.limits import ChildFailed, ChildLimits, FailureCode
from repositories.scanning.child.running import Finished, run

__all__ = ["ChildFailed", "ChildLimits", "FailureCode", "Finished", "run"]
