"""Second factors of somebody who has lost them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.permissions import require_administrator
from accounts.services import audit

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import User


def remove_all(*, actor: Actor, user: User) -> None:
    """Let somebody sign in with the password alone again; administrators only."""
    require_administrator(actor)
    with transaction.atomic():
        rows = Authenticator.objects.filter(user=user)
        removed = sorted(str(row) for row in rows)
        rows.delete()
        audit.record(
            actor=actor,
            action="remove sign-in factors",
            subject=user,
            namespace=user.namespace,
            after={"removed": removed},
        )
