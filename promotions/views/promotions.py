"""Pages of single promotions, and promoting by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import check
from promotions.forms import PromoteForm
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import by_hand, cancel, repeat
from promotions.services.lineage import lineage_of_promotion
from promotions.tasks import run_promotion
from promotions.views.failing import watch_of
from promotions.views.judged import judged
from promotions.views.places import Place
from repositories.tabs import tag_context
from repositories.tasks import wake
from repositories.views import open_tag

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor


@login_required
@require_safe
def promotion_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show one promotion to who may pull its source or its target."""
    actor = actor_of(request)
    promotion = _visible(actor, uuid)
    is_done = promotion.state == State.SUCCEEDED
    context = {
        "promotion": promotion,
        "watch": watch_of(actor, promotion) if is_done else None,
        "judged": judged(promotion.decision) if promotion.decision else [],
        "lineage": lineage_of_promotion(actor, promotion),
        "policy_url": _policy_url(actor, promotion),
        **_may(actor, promotion),
    }
    return render(request, "promotions/promotion_detail.html", context)


def _policy_url(actor: Actor, promotion: Promotion) -> str:
    """Return where the policy is to be read; "" where it is not, or not any more."""
    policy = promotion.policy
    if policy is None or policy.deleted_at or not promotion.sees_source:
        return ""
    place = Place(actor, repository=promotion.source_repository)
    found = place.outgoing().filter(pk=policy.pk).exists()
    return place.url("policy", policy.uuid) if found else ""


def _visible(actor: Actor, uuid: UUID) -> Promotion:
    rows = Promotion.objects.visible_to(actor).with_sight(actor).for_listing()
    return get_object_or_404(rows.with_tags().select_related("decision"), uuid=uuid)


def _may(actor: Actor, promotion: Promotion) -> dict[str, bool]:
    """Tell which buttons to offer; the services decide when one is pressed."""
    if not promotion.is_open:
        return {"may_repeat": _may_repeat(actor, promotion)}
    is_asked = promotion.cancel_wanted_at is not None
    return {"may_cancel": not is_asked and _may_cancel(actor, promotion)}


def _may_repeat(actor: Actor, promotion: Promotion) -> bool:
    target = promotion.target_repository
    if target is None or not promotion.sees_source:
        return False
    return bool(check(actor, Action.PUSH, target))


def _may_cancel(actor: Actor, promotion: Promotion) -> bool:
    ends = [promotion.source_repository, promotion.target_repository]
    is_own = promotion.requested_by_id == actor.key
    return is_own or any(end and check(actor, Action.ADMIN, end) for end in ends)


@login_required
@require_POST
def promote_again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Do once more what ended."""
    actor = actor_of(request)
    promotion = _visible(actor, uuid)
    comment = request.POST.get("comment", "").replace("\0", "")[:500]
    try:
        again = repeat.promote_again(actor=actor, promotion=promotion, comment=comment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("promotions:promotion", uuid)
    wake(run_promotion, again.pk)
    messages.success(request, "It is promoted again.")
    return redirect("promotions:promotion", again.uuid)


@login_required
@require_POST
def cancel_promotion(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stop what waits."""
    actor = actor_of(request)
    try:
        cancel.cancel(actor=actor, promotion=_visible(actor, uuid))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The promotion is cancelled.")
    return redirect("promotions:promotion", uuid)


@login_required
@require_http_methods(["GET", "POST"])
def promote_by_hand(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Copy what a tag points to now into another repository."""
    actor = actor_of(request)
    found = open_tag(request, namespace, name, tag)
    initial = {"target_tag": found.name}
    form = PromoteForm(request.POST or None, actor=actor, initial=initial)
    if form.is_valid():
        try:
            promotion = by_hand.promote_by_hand(
                actor=actor, tag=found, **form.cleaned_data
            )
        except ValidationError as error:
            form.refuse(error, {"__all__": "target_tag"})
        else:
            wake(run_promotion, promotion.pk)
            messages.success(request, f"{promotion} is on its way.")
            return redirect("promotions:promotion", promotion.uuid)
    context = {**tag_context(actor, found, "promote"), "form": form}
    return render(request, "promotions/promote_form.html", context)
