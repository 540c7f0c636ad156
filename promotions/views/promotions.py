"""Pages of single promotions, and promoting by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import actor_of
from promotions.forms import PromoteForm
from promotions.models import Promotion
from promotions.services import by_hand
from promotions.tasks import run_promotion
from repositories.models import Tag
from repositories.tabs import tag_context
from repositories.tasks import wake
from repositories.views import open_tag

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def promotion_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show one promotion to who may pull its source or its target."""
    actor = actor_of(request)
    rows = Promotion.objects.visible_to(actor).with_sight(actor).for_listing()
    promotion = get_object_or_404(rows.select_related("decision"), uuid=uuid)
    source, target = promotion.source_repository_id, promotion.target_repository_id
    context = {
        "promotion": promotion,
        "source_exists": _exists(source, promotion.source_tag),
        "target_exists": _exists(target, promotion.target_tag),
    }
    return render(request, "promotions/promotion_detail.html", context)


def _exists(repository_id: int | None, tag: str) -> bool:
    """Tell whether the tag has a page to link to."""
    return Tag.objects.filter(repository=repository_id, name=tag).exists()


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
