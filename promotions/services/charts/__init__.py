"""Pictures of the promotions of the last thirty days."""

from __future__ import annotations

from promotions.services.charts.durations import push_to_promotion
from promotions.services.charts.states import per_day

__all__ = ["per_day", "push_to_promotion"]
