"""How much one client may ask of the API, so that the others are answered, too.

Who is signed in is counted by name, anybody else by address: what one tenant does takes
nothing away from another. Counted is in windows of fixed length, in the cache. While
that is away, nobody is kept waiting.
"""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from msr.env import Rate

log = structlog.get_logger()

NETWORK_BITS = 64  # of an IPv6 address: what one customer is given
PAUSE_SECONDS = 10.0  # before the cache is tried again


class CacheAway:
    """Whether the cache failed just now; then it is not asked, and not told again."""

    until = float("-inf")

    @classmethod
    def note(cls, error: Exception) -> None:
        cls.until = time.monotonic() + PAUSE_SECONDS
        log.warning("requests_not_counted", reason=str(error))

    @classmethod
    def lasts(cls) -> bool:
        return time.monotonic() < cls.until


class Everything(BaseThrottle):
    """All that a client asks: MSR_API_RATE, and MSR_API_RATE_ANONYMOUS."""

    name = "all"

    def __init__(self) -> None:
        self.left = 0.0  # seconds until the next window

    def rate(self, request: Request, view: APIView) -> Rate | None:
        """Return how many there may be within how many seconds; None: any number."""
        del view
        known = request.user.is_authenticated
        found: Rate | None = settings.API_RATE if known else settings.API_RATE_ANONYMOUS
        return found

    @override
    def allow_request(self, request: Request, view: APIView) -> bool:
        rate = self.rate(request, view)
        if rate is None or CacheAway.lasts():
            return True
        count, seconds = rate
        window, into = divmod(time.time(), seconds)
        self.left = seconds - into
        try:
            asked = _count(f"{self.name}:{_who(request)}:{int(window)}", seconds)
        except (RedisError, OSError) as error:
            CacheAway.note(error)
            return True
        return asked <= count

    @override
    def wait(self) -> float:
        return float(ceil(self.left))


class Writes(Everything):
    """What changes something: MSR_API_RATE_WRITES."""

    name = "writes"

    @override
    def rate(self, request: Request, view: APIView) -> Rate | None:
        found: Rate | None = settings.API_RATE_WRITES
        return None if request.method in SAFE_METHODS else found


class Costly(Everything):
    """What takes long: trials and searches, MSR_API_RATE_COSTLY."""

    name = "costly"

    @override
    def rate(self, request: Request, view: APIView) -> Rate | None:
        found: Rate | None = settings.API_RATE_COSTLY
        return found if getattr(view, "is_costly", False) else None


def _count(key: str, seconds: int) -> int:
    """Return how often that was counted in the window, this time included."""
    whole = f"api-rate:{key}"
    try:
        return int(cache.incr(whole))
    except ValueError:  # the first of the window; of two at once one adds
        if cache.add(whole, 1, 2 * seconds):
            return 1
    try:
        return int(cache.incr(whole))
    except ValueError:  # the cache is full, and has forgotten it
        return 1


def _who(request: Request) -> str:
    user: Any = request.user
    if user.is_authenticated:
        return f"user-{user.pk}"
    return f"from-{_network(cast('HttpRequest', request))}"


def _network(request: HttpRequest) -> str:
    """Return the address that is counted, found as for attempts to sign in."""
    address = ip_address(get_adapter().get_client_ip(request))
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(IPv6Address(int(address) >> NETWORK_BITS << NETWORK_BITS))
