"""Who may make policies and promote by hand (MSR's own rules).

https://docs.mirantis.com/msr/2.9/ops/promotion-policies/ and DTR's API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.access import Action
from accounts.models import Namespace
from accounts.permissions import check, require, require_administrator
from promotions.models import Promotion
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor

End = Repository | Namespace | None
"""What one must administer to speak for a side of a policy."""


def administers(actor: Actor, end: End) -> bool:
    """Tell whether the actor speaks for an end of a policy.

    None is an end that is no single repository or namespace: administrators' alone.
    """
    if end is None:
        return actor.is_administrator
    return bool(check(actor, Action.ADMIN, end))


def require_policy_editor(actor: Actor, source: End) -> None:
    """Demand admin on the source, and what MSR_POLICY_EDITORS adds to it."""
    require_admin(actor, source)
    editors = settings.POLICY_EDITORS
    if editors == "administrators":
        require_administrator(actor)
    own = getattr(actor.user, "namespace_id", None)
    if editors == "own-namespace" and own != _namespace_id(source):
        message = "Here, users make policies in their own namespace only."
        raise PermissionDenied(message)


def require_admin(actor: Actor, end: End) -> None:
    """Demand to speak for an end of a policy; Http404 where it must look absent."""
    if end is None:
        require_administrator(actor)
    else:
        require(actor, Action.ADMIN, end)


def _namespace_id(end: End) -> int | None:
    if isinstance(end, Repository):
        return end.namespace_id
    return None if end is None else end.pk


def require_promoter(actor: Actor, source: Repository, target: Repository) -> None:
    """Demand pull on the source and push on the target: promotion by hand."""
    require(actor, Action.PULL, source)
    require(actor, Action.PUSH, target)


def require_canceller(actor: Actor, promotion: Promotion) -> None:
    """Demand to be who asked for the promotion, or admin on its source or target."""
    if not Promotion.objects.visible_to(actor).filter(pk=promotion.pk).exists():
        message = "No promotion with this id is visible to you."
        raise Http404(message)
    is_own = promotion.requested_by_id == actor.key and actor.may_use(Action.PUSH)
    if is_own or _administers_an_end(actor, promotion):
        return
    message = (
        "Only who asked for a promotion, and admins of its source or its target, may"
        " cancel it."
    )
    raise PermissionDenied(message)


def _administers_an_end(actor: Actor, promotion: Promotion) -> bool:
    if check(actor, Action.ADMIN, promotion.source_repository):
        return True
    target = target_of(promotion)
    return target is not None and bool(check(actor, Action.ADMIN, target))


def target_of(promotion: Promotion) -> Repository | None:
    """Return the repository the promotion goes to; None while there is none."""
    rows = Repository.objects.select_related("namespace")
    return rows.named(promotion.target_full_name).first()
