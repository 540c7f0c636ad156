"""The first page of a repository: what it is, how to use it, what came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import AccessLevel, Action
from accounts.authentication import actor_of
from accounts.permissions import check
from repositories.models import Manifest, Repository, Tag
from repositories.registry import TagName
from repositories.services import charts
from repositories.services.answers.summary import summaries_of
from repositories.tabs import repository_context
from repositories.views.opening import open_repository

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor

LATEST = 5


@login_required
@require_safe
def info(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show the *Info* tab."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    shown = repository_context(actor, repository, "info")
    tags = Tag.objects.for_listing().filter(repository=repository)
    latest = list(tags.order_by("-updated_at", "-id")[:LATEST])
    level = _level(actor, repository, may_admin=shown["may_admin"])
    context = {
        **shown,
        "latest": latest,
        "summaries": summaries_of(repository, [tag.manifest for tag in latest]),
        "pulled": _image_among(latest),
        "tag_count": Tag.objects.filter(repository=repository).count(),
        "layer_bytes": Manifest.objects.held_by(repository).layer_bytes(),
        "level": level,
        "may_scan": level in {AccessLevel.ADMIN, AccessLevel.READ_WRITE},
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/repository_info.html", context)


@login_required
@require_safe
def trend(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Draw how many vulnerabilities the tags held, for *Info* to fetch."""
    repository = open_repository(request, namespace, name)
    context = {
        **repository_context(actor_of(request), repository, "info"),
        "chart": charts.severity_trend(repository),
    }
    return render(request, "repositories/repository_trend.html", context)


def _image_among(tags: list[Tag]) -> str:
    """Return the tag to show how to pull: signatures and the like are no images."""
    images = (tag.name for tag in tags if not TagName.parse(tag.name).is_attachment)
    return next(images, "TAG")


def _level(actor: Actor, repository: Repository, *, may_admin: bool) -> AccessLevel:
    """Return the reader's level, however they came to it."""
    if may_admin:
        return AccessLevel.ADMIN
    writes = check(actor, Action.PUSH, repository)
    return AccessLevel.READ_WRITE if writes else AccessLevel.READ_ONLY
