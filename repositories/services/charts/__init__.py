"""Pictures of what happened per day: their numbers, and where each mark is drawn."""

from __future__ import annotations

from repositories.services.charts.drawing import (
    DAYS,
    Chart,
    Legend,
    Mark,
    Series,
    last_days,
    ranges,
    stacks,
)
from repositories.services.charts.severity import severity_trend

__all__ = [
    "DAYS",
    "Chart",
    "Legend",
    "Mark",
    "Series",
    "last_days",
    "ranges",
    "severity_trend",
    "stacks",
]
