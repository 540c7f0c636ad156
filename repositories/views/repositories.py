"""Pages of namespaces, repositories and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import check
from accounts.querysets import page_of
from repositories.forms import (
    DeleteRepositoryForm,
    RepositoryForm,
    RepositorySettingsForm,
)
from repositories.models import Manifest, Tag, TagMove
from repositories.registry import ImageIndex
from repositories.services import repositories
from repositories.services.answers.summary import summaries_of
from repositories.tabs import repository_context, tag_context
from repositories.views.opening import (
    asked,
    open_namespace,
    open_repository,
    open_tag,
    repository_url,
)

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "POST"])
def create_repository(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the form of a new repository, or create it."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    if not (answer := check(actor, Action.ADMIN, found)):
        raise PermissionDenied(answer.reason)
    initial = {"namespace": namespace}
    form = RepositoryForm(request.POST or None, actor=actor, initial=initial)
    if form.is_valid():
        try:
            repository = repositories.create(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error, {"__all__": "name"})
        else:
            messages.success(request, f"{repository} is ready for its first push.")
            return redirect(repository_url(repository))
    context = {"namespace": found, "form": form}
    return render(request, "repositories/repository_form.html", context)


@login_required
@require_safe
def tag_list(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show the *Tags* tab, newest first."""
    repository = open_repository(request, namespace, name)
    search = asked(request, "q")
    rows = Tag.objects.for_listing().filter(repository=repository)
    if search:
        rows = rows.filter(name__icontains=search)
    actor = actor_of(request)
    page = page_of(rows, asked(request, "after"), order="-updated_at")
    shown = repository_context(actor, repository, "tags")
    context = {
        **shown,
        "page": page,
        "summaries": summaries_of(repository, [tag.manifest for tag in page.rows]),
        "may_scan": shown["may_admin"] or bool(check(actor, Action.PUSH, repository)),
        "search": search,
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/tag_list.html", context)


@login_required
@require_safe
def tag_detail(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show what a tag points to, and every move it made."""
    found = open_tag(request, namespace, name, tag)
    moves = TagMove.objects.filter(repository=found.repository, tag=tag)
    context = {
        **tag_context(actor_of(request), found, "overview"),
        **_content(found),
        "page": page_of(
            moves.select_related("to_manifest").defer("to_manifest__raw"),
            asked(request, "after"),
            order="-id",
        ),
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/tag_detail.html", context)


def _content(tag: Tag) -> dict[str, Any]:
    """Return what the manifest refers to: layers of an image, children of an index."""
    parsed = Manifest.objects.get(pk=tag.manifest_id).parsed()
    if not isinstance(parsed, ImageIndex):
        return {"layers": parsed.layers, "children": []}
    digests = [str(child.digest) for child in parsed.manifests]
    rows = Manifest.objects.held_by(tag.repository).filter(digest__in=digests)
    sizes = dict(rows.values_list("digest", "size"))
    return {
        "layers": [],
        "children": [
            {
                "descriptor": child,
                "digest": str(child.digest),
                "size": sizes.get(str(child.digest)),
            }
            for child in parsed.manifests
        ],
    }


@login_required
@require_http_methods(["GET", "POST"])
def repository_settings(
    request: HttpRequest, namespace: str, name: str
) -> HttpResponse:
    """Show the *Settings* tab to admins of the repository, or save it."""
    repository = open_repository(request, namespace, name, Action.ADMIN)
    actor = actor_of(request)
    form = RepositorySettingsForm(request.POST or None, repository=repository)
    preview = "preview" in request.POST  # shows what was typed, and saves nothing
    if form.is_valid() and not preview:
        try:
            repositories.update(actor=actor, repository=repository, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, "The settings are saved.")
            return redirect("repositories:settings", namespace, name)
    context = {**repository_context(actor, repository, "settings"), "form": form}
    return render(request, "repositories/repository_settings.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def delete_repository(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Ask for the repository's name, then delete it."""
    repository = open_repository(request, namespace, name, Action.ADMIN)
    actor = actor_of(request)
    form = DeleteRepositoryForm(request.POST or None, repository=repository)
    if form.is_valid():
        repositories.delete(actor=actor, repository=repository)
        messages.success(request, f"{repository} is deleted.")
        return redirect("promotions:dashboard")
    context = {**repository_context(actor, repository, "settings"), "form": form}
    return render(request, "repositories/repository_confirm_delete.html", context)
