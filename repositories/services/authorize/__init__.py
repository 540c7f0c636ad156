"""The token server's decisions: what is granted, and who a CI job is."""

from __future__ import annotations

from repositories.services.authorize.exchange import (
    ExchangeRefused,
    exchange,
    forget_used,
)
from repositories.services.authorize.granting import (
    Grant,
    RefusedName,
    authorize,
    granted_of,
)

__all__ = [
    "ExchangeRefused",
    "Grant",
    "RefusedName",
    "authorize",
    "exchange",
    "forget_used",
    "granted_of",
]
