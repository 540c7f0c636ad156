"""The cache, without which people can still sign in."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from typing_extensions import override

T = TypeVar("T")
AWAY = (NoConnection, NoAnswer)
# Attempts to sign in, by allauth.
COUNTED = "allauth"

log = logging.getLogger(__name__)


class SignInCache(RedisCache):
    """Redis; while it is away attempts to sign in are not counted.

    Then an administrator can come and see what is wrong. Whatever else is asked of the
    cache fails, as it should.
    """

    @override
    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get(key, *args, **kwargs)
        except AWAY as error:
            default = args[0] if args else kwargs.get("default")
            return _without(error, key, default)

    @override
    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(key, *args, **kwargs))
        except AWAY as error:
            return _without(error, key, instead=True)

    @override
    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(key, *args, **kwargs)
        except AWAY as error:
            _without(error, key, instead=None)

    @override
    def delete(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().delete(key, *args, **kwargs))
        except AWAY as error:
            return _without(error, key, instead=False)


def _without(error: Exception, key: Any, instead: T) -> T:
    if not str(key).startswith(COUNTED):
        raise error
    log.warning("Redis is away, so attempts to sign in are not counted: %s", error)
    return instead
