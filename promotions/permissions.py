"""Who may make policies and promote by hand (MSR's own rules).

https://docs.mirantis.com/msr/2.9/ops/promotion-policies/ and DTR's API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied

from accounts.access import Action
from accounts.permissions import check, require, require_administrator

if TYPE_CHECKING:
    from accounts.access import Actor
    from repositories.models import Repository


def require_policy_editor(actor: Actor, source: Repository, target: Repository) -> None:
    """Demand admin on source and target, and what MSR_POLICY_EDITORS adds to it."""
    require(actor, Action.ADMIN, source)
    require(actor, Action.ADMIN, target)
    editors = settings.POLICY_EDITORS
    if editors == "administrators":
        require_administrator(actor)
    own = getattr(actor.user, "namespace_id", None)
    if editors == "own-namespace" and own != source.namespace_id:
        message = "Here, users make policies in their own namespace only."
        raise PermissionDenied(message)


def require_policy_admin(actor: Actor, source: Repository, target: Repository) -> None:
    """Demand admin on source or target: enough to stop or delete a policy."""
    if not check(actor, Action.ADMIN, target):
        require(actor, Action.ADMIN, source)


def require_promoter(actor: Actor, source: Repository, target: Repository) -> None:
    """Demand pull on the source and push on the target: promotion by hand."""
    require(actor, Action.PULL, source)
    require(actor, Action.PUSH, target)
