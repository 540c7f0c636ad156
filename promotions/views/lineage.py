"""Where the image of a tag came from, where it went, and what else is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Action
from accounts.authentication import actor_of
from promotions.services.lineage import lineage_of_tag
from repositories.models import Repository, Tag
from repositories.tabs import tag_context
from repositories.views import open_tag

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SAME_SHOWN = 50


@login_required
@require_safe
def tag_lineage(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Lineage* tab of a tag."""
    actor = actor_of(request)
    found = open_tag(request, namespace, name, tag)
    visible = Repository.objects.permitted(actor, Action.PULL).values("pk")
    same = Tag.objects.filter(manifest=found.manifest_id, repository__in=visible)
    same = same.exclude(pk=found.pk).select_related("repository__namespace")
    context = {
        **tag_context(actor, found, "lineage"),
        "lineage": lineage_of_tag(actor, found),
        "same": same.order_by("-updated_at", "-id")[:SAME_SHOWN],
        "same_shown": SAME_SHOWN,
    }
    return render(request, "promotions/tag_lineage.html", context)
