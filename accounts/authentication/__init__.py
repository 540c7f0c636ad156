"""Passwords, access tokens and bearers, to an Actor."""

from __future__ import annotations

from accounts.authentication.credentials import (
    TOKEN_MARK,
    BadCredentials,
    PasswordIsNotEnough,
    TooManyAttempts,
    has_second_factor,
    hash_secret,
    read_basic,
    sign_in,
)
from accounts.authentication.people import PeopleBackend
from accounts.authentication.schemes import (
    BasicAuthentication,
    BearerAuthentication,
    ReportAuthentication,
    ReportBearerAuthentication,
    actor_of,
    person_of,
)

__all__ = [
    "TOKEN_MARK",
    "BadCredentials",
    "BasicAuthentication",
    "BearerAuthentication",
    "PasswordIsNotEnough",
    "PeopleBackend",
    "ReportAuthentication",
    "ReportBearerAuthentication",
    "TooManyAttempts",
    "actor_of",
    "has_second_factor",
    "hash_secret",
    "person_of",
    "read_basic",
    "sign_in",
]
