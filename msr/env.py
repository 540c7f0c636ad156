"""Typed readers of the product's environment variables, prefix ``MSR_``.

Every variable may also be given as ``<NAME>_FILE``, the path of a file whose content
is the value (Docker and Kubernetes secrets). The variable itself wins.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

import environ
from django.core.exceptions import ImproperlyConfigured

PREFIX = "MSR_"


def _read(name: str) -> str | None:
    variable = PREFIX + name
    if variable in os.environ:
        return os.environ[variable]
    file_name = os.environ.get(f"{variable}_FILE")
    if file_name is None:
        return None
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"{variable}_FILE cannot be read: {error}."
        raise ImproperlyConfigured(message) from error


def text(name: str, default: str = "") -> str:
    """Return the variable as it is, or `default` when neither form is set."""
    value = _read(name)
    return default if value is None else value


def integer(name: str, default: int) -> int:
    """Return a whole number; anything else raises ImproperlyConfigured."""
    value = _read(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError as error:
        message = f"{PREFIX}{name} must be a whole number, not {value!r}."
        raise ImproperlyConfigured(message) from error


def number(name: str, default: float) -> float:
    """Return a decimal number; anything else raises ImproperlyConfigured."""
    value = _read(name)
    if value is None:
        return default
    try:
        return float(value)
    except ValueError as error:
        message = f"{PREFIX}{name} must be a number, not {value!r}."
        raise ImproperlyConfigured(message) from error


SECONDS = {"s": 1, "m": 60, "h": 3600}
Rate: TypeAlias = tuple[int, int]
"""How many, within how many seconds."""


def rate(name: str, default: str) -> Rate | None:
    """Return what “600/m” says; None for 0, which sets no limit.

    Seconds (s), minutes (m) and hours (h); else raises ImproperlyConfigured.
    """
    value = text(name, default)
    if value == "0":
        return None
    count, _, unit = value.partition("/")
    if not count.isdecimal() or unit not in SECONDS or not int(count):
        message = f"{PREFIX}{name} must be a rate such as 600/m, or 0, not {value!r}."
        raise ImproperlyConfigured(message)
    return int(count), SECONDS[unit]


def boolean(name: str, *, default: bool) -> bool:
    """Return true for 1/true/yes/on and false for 0/false/no/off, in any case."""
    value = _read(name)
    if value is None:
        return default
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        message = f"{PREFIX}{name} must be true or false, not {value!r}."
        raise ImproperlyConfigured(message)
    return words[value.lower()]


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the parts of a comma-separated list, without blanks."""
    value = _read(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}
POSTGRESQL = {"pool": {"min_size": 1, "max_size": 8}}


def database(name: str, default: str) -> dict[str, object]:
    """Return Django's database settings for a URL such as ``postgres://…``.

    SQLite without WAL and IMMEDIATE fails concurrent writers: "database is locked".
    """
    found = dict(environ.Env.db_url_config(text(name, default)))
    is_sqlite = str(found["ENGINE"]).endswith("sqlite3")
    return {**found, "OPTIONS": dict(SQLITE if is_sqlite else POSTGRESQL)}


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """Return one of the `allowed` words, the first by default."""
    value = text(name, allowed[0])
    if value not in allowed:
        message = f"{PREFIX}{name} must be one of {', '.join(allowed)}, not {value!r}."
        raise ImproperlyConfigured(message)
    return value
