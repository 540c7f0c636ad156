"""How long somebody has to wait whom a rate limit stops."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from allauth.core.internal.ratelimit import get_cache_key, get_rates
from django.core.cache import cache

if TYPE_CHECKING:
    from django.http import HttpRequest

MINUTE = 60


def seconds_left(request: HttpRequest, *, app: str, action: str, key: str) -> int:
    """Return after how many seconds the next attempt counts; 0 when it does now."""
    waits = [0.0]
    for rate in get_rates(app=app, action=action):
        place = get_cache_key(request, app=app, action=action, rate=rate, key=key)
        attempts = cache.get(place, [])  # the latest first
        if len(attempts) >= rate.amount:
            waits.append(attempts[rate.amount - 1] + rate.duration - time.time())
    return math.ceil(max(waits))


def in_words(seconds: int) -> str:
    """Return ``40 seconds`` or ``5 minutes``, rounded up."""
    if seconds <= MINUTE:
        return f"{max(seconds, 1)} second{'s' * (seconds > 1)}"
    minutes = math.ceil(seconds / MINUTE)
    return f"{minutes} minute{'s' * (minutes > 1)}"
