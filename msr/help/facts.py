"""The tables of the help, read from the code that acts on them: they cannot drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.access import ACTIONS, AccessLevel, Action, TokenScope
from promotions.models import PolicyVersion, Promotion
from promotions.rules import CODES, Field, Operator
from promotions.rules.fields import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = (
    "API_BEARER_LIFETIME",
    "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DECISION_DAYS",
    "EVIDENCE_MAX_AGE_DAYS",
    "POLICY_EDITORS",
    "PROMOTION_ATTEMPTS",
    "PROMOTION_MAX_HOPS",
    "PROMOTION_MAX_PER_PUSH",
    "PROPOSALS_PER_HOUR",
    "PUBLIC_URL",
    "REGISTRY_PUBLIC_HOST",
    "REPORT_MAX_BYTES",
    "TOKEN_LIFETIME",
    "WEBHOOK_ATTEMPTS",
    "WEBHOOK_DAYS",
    "WEBHOOK_TIMEOUT",
)
"""What pages of the help may say of this installation; no secret is among them."""

OPERATORS: Mapping[Operator, str] = {
    Operator.EQUALS: "is exactly the value",
    Operator.STARTS_WITH: "starts with the value",
    Operator.ENDS_WITH: "ends with the value",
    Operator.CONTAINS: "has the value somewhere in it",
    Operator.ONE_OF: "is one of the values",
    Operator.NOT_ONE_OF: "is none of the values",
    Operator.MATCHES: "fits the RE2 expression, anywhere in the text",
    Operator.GREATER_THAN_OR_EQUALS: "is at least the value",
    Operator.GREATER_THAN: "is more than the value",
    Operator.NOT_EQUALS: "is anything but the value",
    Operator.LESS_THAN_OR_EQUALS: "is at most the value",
    Operator.LESS_THAN: "is less than the value",
    Operator.BEFORE: "was before the time, or longer ago than the duration",
    Operator.AFTER: "was after the time, or within the duration",
}
SCOPES: Mapping[TokenScope, str] = {
    TokenScope.PULL: "pull images, and see what may be pulled",
    TokenScope.PUSH: "push images, promote by hand, start scans",
    TokenScope.DELETE: "delete tags",
    TokenScope.SCAN: "upload scan reports",
    TokenScope.API: "call the API at all; what it does there needs the other scopes",
    TokenScope.ADMIN: "change repositories, policies and who may do what",
}


@dataclass(frozen=True, slots=True)
class Level:
    """An access level, and the actions in the order of the table's columns."""

    name: str
    allows: tuple[bool, ...]


def facts() -> dict[str, Any]:
    """Return what the templates of the help may name."""
    return {
        "actions": list(Action),
        "codes": CODES,
        "conflicts": PolicyVersion.OnConflict.choices,
        "fields": [(section, Field.of(section)) for section in Section],
        "levels": [_level(level) for level in AccessLevel],
        "moved": PolicyVersion.OnMovedTag.choices,
        "operators": [(operator, OPERATORS[operator]) for operator in Operator],
        "scopes": [(scope, SCOPES[scope]) for scope in TokenScope],
        "settings": {name: getattr(settings, name) for name in SETTINGS},
        "states": Promotion.State.choices,
    }


def _level(level: AccessLevel) -> Level:
    return Level(level.label, tuple(action in ACTIONS[level] for action in Action))
