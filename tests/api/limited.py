"""Access tokens that are good for a part of what their owner may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import SYSTEM, TokenScope
from accounts.services import access_tokens

if TYPE_CHECKING:
    from accounts.models import Namespace, User


def token(user: User, *scopes: str, within: Namespace | None = None) -> str:
    """Return the secret of a new token with these scopes."""
    issued = access_tokens.issue(
        actor=SYSTEM,
        user=user,
        label="for a test",
        scopes=[TokenScope(scope) for scope in scopes],
        namespace=within,
    )
    return issued.secret
