"""Pages of namespaces, repositories and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Action, Actor
from accounts.authentication import actor_of
from accounts.models import Namespace
from accounts.permissions import check, require
from accounts.querysets import page_of
from repositories.forms import (
    DeleteRepositoryForm,
    RepositoryForm,
    RepositorySettingsForm,
)
from repositories.models import Manifest, Repository, Tag, TagMove
from repositories.registry import ImageIndex
from repositories.services import repositories
from repositories.tabs import repository_context, tag_context

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest, HttpResponse


def open_repository(
    request: HttpRequest, namespace: str, name: str, action: Action = Action.PULL
) -> Repository:
    """Return the repository of an address; Http404 or PermissionDenied otherwise."""
    actor = actor_of(request)
    visible = Repository.objects.permitted(actor, Action.PULL)
    rows = visible.select_related("namespace").named(f"{namespace}/{name}")
    repository = get_object_or_404(rows)
    if action != Action.PULL:
        require(actor, action, repository)
    return repository


def open_tag(request: HttpRequest, namespace: str, name: str, tag: str) -> Tag:
    """Return the tag of an address; Http404 when the reader may not pull it."""
    repository = open_repository(request, namespace, name)
    rows = Tag.objects.for_listing().filter(repository=repository)
    return get_object_or_404(rows, name=tag)


def repository_url(repository: Repository) -> str:
    """Return the address of a repository's first tab."""
    return reverse("repositories:tags", args=(repository.namespace, repository.name))


def asked(request: HttpRequest, name: str) -> str:
    """Return a parameter of the address, without what no database stores."""
    return request.GET.get(name, "").replace("\0", "").strip()


@login_required
@require_safe
def namespace_detail(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show a namespace with those of its repositories that the reader may see."""
    actor = actor_of(request)
    found = _open_namespace(actor, namespace)
    search = asked(request, "q")
    rows = Repository.objects.permitted(actor, Action.PULL).filter(
        namespace=found, name__icontains=search
    )
    page = page_of(
        rows.select_related("namespace").with_last_push(),
        asked(request, "after"),
        order="name",
    )
    context = {
        "namespace": found,
        "page": page,
        "search": search,
        "may_admin": bool(check(actor, Action.ADMIN, found)),
    }
    return render(request, "repositories/namespace_detail.html", context)


def _open_namespace(actor: Actor, name: str) -> Namespace:
    """Return a namespace that concerns the actor or has something to show them."""
    visible = Repository.objects.permitted(actor, Action.PULL).values("namespace")
    rows = Namespace.objects.concerning(actor, visible)
    return get_object_or_404(rows, name=name)


@login_required
@require_http_methods(["GET", "POST"])
def create_repository(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the form of a new repository, or create it."""
    actor = actor_of(request)
    found = _open_namespace(actor, namespace)
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
def repository_root(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Lead from a repository's short address to its first tab."""
    del request
    return redirect("repositories:tags", namespace, name)


@login_required
@require_safe
def tag_list(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show the *Tags* tab, newest first."""
    repository = open_repository(request, namespace, name)
    search = asked(request, "q")
    rows = Tag.objects.for_listing().filter(repository=repository)
    if search:
        rows = rows.filter(name__icontains=search)
    context = {
        **repository_context(actor_of(request), repository, "tags"),
        "page": page_of(rows, asked(request, "after"), order="-updated_at"),
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
    if form.is_valid():
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
