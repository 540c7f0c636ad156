"""Create, set and delete repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import MissingRight, check
from accounts.views.once import once
from repositories.forms import (
    DeleteRepositoryForm,
    RepositoryForm,
    RepositorySettingsForm,
)
from repositories.services import repositories
from repositories.tabs import repository_context
from repositories.views.opening import (
    open_namespace,
    open_repository,
    repository_url,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "POST"])
@once
def create_repository(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the form of a new repository, or create it."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    if not (answer := check(actor, Action.ADMIN, found)):
        raise MissingRight(answer.reason, found)
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
