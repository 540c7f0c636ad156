"""Who may make policies and promote by hand (MSR's own rules).

https://docs.mirantis.com/msr/2.9/ops/promotion-policies/ and DTR's API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.access import Action
from accounts.permissions import check, require, require_administrator
from promotions.models import Promotion
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor


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
    rows = Repository.objects.live().select_related("namespace")
    name, namespace = promotion.target_name, promotion.target_namespace_id
    return rows.filter(namespace=namespace, name=name).first()
