"""The parts the tests run against: real ones, on free ports, in temporary folders."""

from __future__ import annotations

from tests.stack.stack import Stack

__all__ = ["Stack"]
