"""HTTP to addresses that people may name: scanners, webhooks, issuers of tokens.

No framework: the standard library and urllib3. Nothing here trusts the address, the
name behind it, or what answers.
"""

from __future__ import annotations

from repositories.outbound.client import Answer, Call, OutboundClient
from repositories.outbound.errors import (
    OutboundError,
    OutboundFailed,
    OutboundRefused,
)
from repositories.outbound.policy import (
    Allowance,
    InvalidEntry,
    Place,
    Policy,
    parse_allowances,
    parse_denied,
)

__all__ = [
    "Allowance",
    "Answer",
    "Call",
    "InvalidEntry",
    "OutboundClient",
    "OutboundError",
    "OutboundFailed",
    "OutboundRefused",
    "Place",
    "Policy",
    "parse_allowances",
    "parse_denied",
]
