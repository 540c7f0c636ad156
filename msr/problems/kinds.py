"""The kinds of errors that people see: heading, icon, sentence, paragraph of help."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

OUTAGES = (
    OperationalError,
    InterfaceError,
    BrokerError,
    RedisConnectionError,
    RedisTimeoutError,
)
"""The database, or the broker and cache, does not answer."""
OUTAGE_SECONDS = 10
TOO_MANY = (TooManyFieldsSent, TooManyFilesSent)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind; `code` is what programs are told, `sentence` unless the error says."""

    status: int
    code: str
    heading: str
    sentence: str
    icon: str = "alert"
    help: str = "getting-started#nothing-happens"


BAD = Kind(
    400,
    "INVALID_PARAMETERS",
    "This cannot be read",
    "What the browser sent makes no sense here. Go back, reload the page, try again.",
)
FORBIDDEN = Kind(
    403,
    "NOT_AUTHORIZED",
    "You may not do this",
    "A right is missing; ask an admin of what you wanted to reach.",
    icon="lock",
    help="roles#refused",
)
MISSING = Kind(
    404,
    "NOT_FOUND",
    "There is nothing here for you",
    "The address is wrong, what it named was deleted, or you were not given access to"
    " it. Its admins can give you access.",
    icon="search",
    help="roles#refused",
)
NOT_OFFERED = Kind(
    405,
    "NOT_ALLOWED",
    "This is not a page",
    "The address is there for a button or a form. Go back and use that.",
)
TOO_LARGE = Kind(
    413,
    "TOO_LARGE",
    "This is too large",
    "More was sent than is read: {limit} bytes at most. Send less.",
)
TOO_OFTEN = Kind(
    429,
    "TOO_MANY_REQUESTS",
    "Too much at once",
    "This was done too often. Wait a while.",
    icon="clock",
)
BROKEN = Kind(
    500,
    "INTERNAL_ERROR",
    "Something broke here",
    "It is not your fault, and it is in the log of the portal. Try again; if it happens"
    " again, tell an administrator when it happened.",
)
AWAY = Kind(
    503,
    "SERVICE_UNAVAILABLE",
    "Not available just now",
    "The portal does not reach its database or its message broker. Nothing is lost."
    " Try again in a moment; if it lasts, tell an administrator.",
    icon="clock",
)
KINDS = (BAD, FORBIDDEN, MISSING, NOT_OFFERED, TOO_LARGE, TOO_OFTEN, BROKEN, AWAY)


def kind_of_bad(error: Exception) -> tuple[Kind, str]:
    """Return the kind of an error in what was sent, and its sentence."""
    if isinstance(error, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return TOO_LARGE, TOO_LARGE.sentence.format(limit=limit)
    if isinstance(error, TOO_MANY):
        return BAD, "The form has more fields than are read. Send fewer at a time."
    return BAD, BAD.sentence


def kind_of_crash() -> Kind:
    """Return the kind of the error that is being handled."""
    return AWAY if isinstance(sys.exception(), OUTAGES) else BROKEN
